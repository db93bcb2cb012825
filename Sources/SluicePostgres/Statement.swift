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
    /// How a statement reaches the server.
    enum Form: Hashable {
        /// Parsed, planned and run at once.
        case direct
        /// Parsed and kept by the session under a name; not run.
        case prepare(name: String)
        /// Run from what the session keeps under a name; no SQL is sent.
        case prepared(name: String)
    }

    /// The SQL, with `$1`, `$2`… for the parameters; empty where the session knows it by name.
    public let sql: String
    /// The values of `$1`, `$2` and so on.
    public let parameters: [Parameter]
    let form: Form

    /// Joins SQL and its parameters; nothing is checked until it is sent.
    public init(_ sql: String, _ parameters: [Parameter] = []) {
        self.init(form: .direct, sql, parameters)
    }

    private init(form: Form, _ sql: String, _ parameters: [Parameter]) {
        self.form = form
        self.sql = sql
        self.parameters = parameters
    }

    /// Has the session parse a statement and keep it under a name, until it is deallocated or the
    /// session ends.
    public static func prepare(_ name: String, _ sql: String) -> Statement {
        Statement(form: .prepare(name: name), sql, [])
    }

    /// Runs what the session keeps under a name; SQLSTATE 26000 where it keeps none.
    public static func prepared(_ name: String, _ parameters: [Parameter]) -> Statement {
        Statement(form: .prepared(name: name), "", parameters)
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
