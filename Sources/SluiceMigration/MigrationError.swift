/// Why a migration cannot go on, in a sentence that names the cure.
public struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether the file, the arguments or the database are at fault, or the work failed.
    public enum Kind: Sendable, Equatable {
        /// Nothing was begun: the file or the table is not as it should be.
        case refused
        /// What was begun failed, and can be carried on or rolled back.
        case failed
    }

    /// Whose fault it is.
    public let kind: Kind
    /// The sentence.
    public let description: String

    /// An error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
