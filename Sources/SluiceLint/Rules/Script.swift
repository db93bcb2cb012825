/// What a script has done before the statement that is looked at.
struct Script: Sendable {
    /// Tables that it made itself: nobody uses them yet.
    private(set) var newTables: Set<String> = []
    /// Constraints by table that were added without looking at the rows.
    private(set) var isInTransaction: Bool
    /// Settings that it made, in lower case.
    private(set) var settings: Set<String> = []
    /// Columns of tables that a validated check says are not NULL, as `table.column`.
    private(set) var provenNotNull: Set<String> = []
    /// Whether it has changed a table's shape in the transaction that it is in.
    private(set) var changesShape = false
    private var checks: [String: String] = [:]
    private let startsInTransaction: Bool

    /// A script that begins, within a transaction of whoever runs it or not.
    init(isInTransaction: Bool = false) {
        self.isInTransaction = isInTransaction
        startsInTransaction = isInTransaction
    }

    /// Whether a transaction that the script began is still open.
    var isUncommitted: Bool { isInTransaction && !startsInTransaction }

    /// Whether nobody can use the table yet.
    func isNew(_ relation: Node) -> Bool {
        newTables.contains(Self.name(relation)) || relation["relpersistence"].text == "t"
    }

    /// Takes in a statement that has been looked at.
    mutating func pass(_ statement: Statement) {
        let body = statement.body
        switch statement.kind {
        case "TransactionStmt":
            let kind = body["kind"].text ?? ""
            if ["TRANS_STMT_BEGIN", "TRANS_STMT_START"].contains(kind) { isInTransaction = true }
            if ["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"].contains(kind) {
                isInTransaction = false
                changesShape = false
            }
        case "VariableSetStmt":
            if let name = body["name"].text { settings.insert(name.lowercased()) }
        case "CreateStmt": newTables.insert(Self.name(body["relation"]))
        case "CreateTableAsStmt": newTables.insert(Self.name(body["into"]["rel"]))
        case "AlterTableStmt":
            changesShape = true
            for command in body["cmds"].items { note(command.body, Self.name(body["relation"])) }
        case "RenameStmt": changesShape = true
        default: break
        }
    }

    /// Remembers `CHECK (column IS NOT NULL)`, and that it was validated.
    private mutating func note(_ command: Node, _ table: String) {
        let constraint = command["def"]["Constraint"]
        switch command["subtype"].text {
        case "AT_AddConstraint" where constraint["contype"].text == "CONSTR_CHECK":
            let test = constraint["raw_expr"]["NullTest"]
            guard test["nulltesttype"].text == "IS_NOT_NULL",
                let column = test["arg"]["ColumnRef"]["fields"].names.last
            else { return }
            if constraint["skip_validation"].isTrue {
                checks[table + "." + (constraint["conname"].text ?? "")] = column
            } else {
                provenNotNull.insert(table + "." + column)
            }
        case "AT_ValidateConstraint":
            if let column = checks[table + "." + (command["name"].text ?? "")] {
                provenNotNull.insert(table + "." + column)
            }
        default: break
        }
    }

    /// A table's name, as this script writes it.
    static func name(_ relation: Node) -> String {
        [relation["schemaname"].text, relation["relname"].text].compactMap { $0 }
            .map(quoted).joined(separator: ".")
    }

    /// A name as SQL spells it, in quotes where it needs them.
    static func quoted(_ name: String) -> String {
        let isPlain =
            name.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
            } && name.first.map { !$0.isNumber } == true
        return isPlain ? name : "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
