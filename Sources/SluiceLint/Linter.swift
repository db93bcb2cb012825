/// Says what statements would do to tables that are in use.
public struct Linter: Sendable {
    private let rules: [Rule]
    private let isInTransaction: Bool

    /// What there is, in the order of the list.
    private static let all: [Rule] =
        ColumnRules.all + ConstraintRules.all + IndexRules.all + ObjectRules.all + DataRules.all
        + ScriptRules.all + TypeRules.all

    /// Names of the rules, with what each is about, and whether it is on by default.
    public static var list: [(name: String, title: String, isOptional: Bool)] {
        all.map { ($0.name, $0.title, ScriptRules.optional.contains($0.name)) }
    }

    /// A linter without some rules, and with some of those that are off by default.
    ///
    /// - Parameter isInTransaction: Whether whoever runs the scripts does so in a transaction.
    public init(
        excluding: Set<String> = [], including: Set<String> = [], isInTransaction: Bool = false
    ) {
        let off = ScriptRules.optional.subtracting(including).union(excluding)
        rules = Self.all.filter { !off.contains($0.name) }
        self.isInTransaction = isInTransaction
    }

    /// Looks at a script.
    ///
    /// - Throws: `SQLProblem` where PostgreSQL could not read it.
    public func findings(in script: String) throws(SQLProblem) -> [Finding] {
        let statements = try SQLParser.parse(script)
        var state = Script(isInTransaction: isInTransaction)
        var findings: [Finding] = []
        for statement in statements {
            for rule in rules where !isOff(rule, statement) {
                findings += rule.check(statement, state).map { finding(rule, $0, statement) }
            }
            state.pass(statement)
        }
        if state.isUncommitted, let last = statements.last,
            let rule = rules.first(where: { $0.name == ScriptRules.uncommitted.name }),
            !isOff(rule, last)
        {
            findings.append(finding(rule, ScriptRules.uncommittedComplaint, last))
        }
        // Timeouts once: what sets them sets them for all that follows.
        return Self.once(findings, ["require-lock-timeout", "require-statement-timeout"])
    }

    private func isOff(_ rule: Rule, _ statement: Statement) -> Bool {
        statement.ignored.contains(rule.name) || statement.ignored.contains("*")
    }

    private func finding(
        _ rule: Rule, _ complaint: Complaint, _ statement: Statement
    ) -> Finding {
        let text = statement.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return Finding(
            rule: rule.name, line: statement.line(of: complaint.node),
            problem: complaint.problem, cure: complaint.cure, migration: complaint.migration,
            statement: text)
    }

    private static func once(_ findings: [Finding], _ rules: Set<String>) -> [Finding] {
        var seen: Set<String> = []
        return findings.filter { !rules.contains($0.rule) || seen.insert($0.rule).inserted }
    }
}
