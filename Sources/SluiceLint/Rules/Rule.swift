/// A rule: what it is called, and what it says of a statement.
struct Rule: Sendable {
    /// Its name, by which a comment or an option switches it off.
    ///
    /// Where squawk (https://squawkhq.com) has the same rule it has the same name, so that what
    /// people have switched off stays so.
    let name: String
    /// What it is about, for the list.
    let title: String
    /// What it says; the script tells what came before.
    let check: @Sendable (Statement, Script) -> [Complaint]

    init(
        _ name: String, _ title: String,
        _ check: @escaping @Sendable (Statement, Script) -> [Complaint]
    ) {
        self.name = name
        self.title = title
        self.check = check
    }
}

/// What a rule says of a statement.
struct Complaint: Sendable {
    let problem: String
    let cure: String
    /// The operation of a migration file that does it safely, where there is one.
    var migration: String?
    /// The node that it is about, for the line.
    var node = Node.nothing
}
