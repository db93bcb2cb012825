/// Something that a statement does to a table that is in use.
public struct Finding: Sendable, Equatable, Codable {
    /// The rule, by which it can be switched off.
    public var rule: String
    /// The line, from 1.
    public var line: Int
    /// What happens.
    public var problem: String
    /// What to do instead.
    public var cure: String
    /// The same as an operation of a migration file, where there is one.
    ///
    /// What only a person can say is `…` in it.
    public var migration: String?
    /// The statement, on one line.
    public var statement: String
}
