/// The value of one `$n` of a statement.
public enum Parameter: Sendable, Hashable, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByNilLiteral
{
    /// SQL NULL.
    case null
    /// A value in its type's text form; the server infers the type.
    case text(String)
    /// A value in its type's binary form.
    case binary([UInt8], typeOID: UInt32)

    /// Makes a string literal a text parameter.
    public init(stringLiteral value: String) { self = .text(value) }

    /// Makes an integer literal a text parameter.
    public init(integerLiteral value: Int) { self = .text(String(value)) }

    /// Makes `nil` the parameter NULL.
    public init(nilLiteral: ()) { self = .null }

    /// A text parameter, or NULL.
    public init(_ value: String?) { self = value.map(Parameter.text) ?? .null }

    /// An integer in its text form.
    public init(_ value: some BinaryInteger) { self = .text(String(value)) }
}

/// One SQL statement and its parameters.
public struct Statement: Sendable, Hashable {
    /// The SQL, with `$1`, `$2`… for the parameters.
    public let sql: String
    /// The values of `$1`, `$2` and so on.
    public let parameters: [Parameter]

    /// Joins SQL and its parameters; nothing is checked until it is sent.
    public init(_ sql: String, _ parameters: [Parameter] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}

/// What the server says about a statement that it has parsed but not run.
public struct StatementDescription: Sendable, Hashable {
    /// One column of the result.
    public struct Column: Sendable, Hashable {
        /// The column's name.
        public let name: String
        /// The OID of its type in `pg_type`.
        public let typeOID: UInt32
    }

    /// The inferred type of each parameter, as OIDs in `pg_type`.
    public let parameterTypeOIDs: [UInt32]
    /// The columns it would return; empty where it returns no rows.
    public let columns: [Column]

    /// How many parameters it takes.
    public var parameterCount: Int { parameterTypeOIDs.count }
}
