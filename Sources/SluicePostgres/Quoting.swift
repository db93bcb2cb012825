/// One SQL name: a table, a column, a role.
///
/// A name that holds a NUL byte is quoted like any other and then refused, with a usage
/// error, by every call that sends SQL: PostgreSQL has no such names.
public struct Identifier: Sendable, Hashable {
    /// The name as the catalog stores it, without quotes.
    public let name: String

    /// Wraps a name as the catalog stores it, without quotes.
    public init(_ name: String) {
        self.name = name
    }

    /// The name between double quotes, ready to be a part of a statement.
    public var quoted: String { "\"" + name.doubling("\"") + "\"" }
}

/// A name with its schema, or without one to follow the search path.
public struct QualifiedName: Sendable, Hashable {
    /// The schema; nil follows the search path.
    public let schema: String?
    /// The object's own name.
    public let name: String

    /// Wraps names as the catalog stores them, without quotes.
    public init(schema: String? = nil, name: String) {
        self.schema = schema
        self.name = name
    }

    /// `"schema"."name"`, or `"name"` without a schema.
    public var quoted: String {
        guard let schema else { return Identifier(name).quoted }
        return Identifier(schema).quoted + "." + Identifier(name).quoted
    }
}

/// Text constants of SQL.
public enum Literal {
    /// The value between single quotes, the same under either `standard_conforming_strings`.
    ///
    /// Where a backslash is present the escape form `E'…'` is used.
    public static func quoted(_ value: String) -> String {
        let doubled = value.doubling("'")
        guard doubled.utf8.contains(UInt8(ascii: "\\")) else { return "'" + doubled + "'" }
        return "E'" + doubled.doubling("\\") + "'"
    }
}

extension String {
    /// The text with every `mark` written twice.
    ///
    /// Works on scalars: a quote followed by a combining accent is one `Character` that
    /// equals no quote, and would escape.
    fileprivate func doubling(_ mark: Unicode.Scalar) -> String {
        var doubled = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            doubled.append(scalar)
            if scalar == mark { doubled.append(scalar) }
        }
        return String(doubled)
    }
}
