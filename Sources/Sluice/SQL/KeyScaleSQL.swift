import SluiceCore

/// Arithmetic on key values, done by the server: values as exact numbers and back.
///
/// Everything is `numeric` in between, which neither overflows nor loses a digit, whatever the
/// type's extremes are.
extension KeyArithmetic {
    /// Whether its type has infinities (and NaN, which comes after them), between which and a
    /// finite value nothing can be computed.
    var hasInfinities: Bool {
        switch self {
        case .none, .integer, .uuid: false
        case .numeric, .float, .date, .timestamp, .timestamptz: true
        }
    }

    /// The type of computed values, which the key's own can be compared with by its index.
    private var type: String {
        switch self {
        case .none: "pg_catalog.text"
        case .integer: "pg_catalog.int8"
        case .uuid: "pg_catalog.uuid"
        case .numeric: "pg_catalog.numeric"
        case .float: "pg_catalog.float8"
        case .date: "pg_catalog.date"
        case .timestamp: "pg_catalog.timestamp"
        case .timestamptz: "pg_catalog.timestamptz"
        }
    }

    /// The conditions under which `column` is finite, for an index to bound.
    func finite(_ column: String) -> String {
        guard hasInfinities else { return "" }
        return " AND \(column) > '-infinity'::\(type) AND \(column) < 'infinity'::\(type)"
    }

    /// The value as a number, which may be infinite.
    ///
    /// Of a UUID the first 60 bits, which as a number stay positive: they decide for random ones,
    /// and time-ordered ones (version 7) carry their time there.
    func number(_ value: String) -> String {
        switch self {
        case .none: "NULL::numeric"
        case .integer, .numeric, .float: "(\(value))::numeric"
        case .uuid:
            "('x' || left(replace((\(value))::text, '-', ''), 15))::bit(60)::bigint::numeric"
        case .date:
            "CASE WHEN isfinite(\(value)) THEN ((\(value)) - date '2000-01-01')::numeric\n"
                + "WHEN \(value) > date '2000-01-01' THEN 'infinity' ELSE '-infinity' END"
        case .timestamp, .timestamptz: "extract(epoch FROM \(value))"
        }
    }

    /// The number as a value.
    func value(_ number: String) -> String {
        switch self {
        case .none: "NULL::text"
        case .integer: "trunc(\(number))::bigint"
        case .numeric: "(\(number))"
        case .uuid: "(lpad(to_hex(trunc(\(number))::bigint), 15, '0') || repeat('0', 17))::uuid"
        case .date: "(date '2000-01-01' + trunc(\(number))::integer)"
        case .float:
            // Fifteen digits of the largest number may round to more than it; what is smaller
            // than a float4 can say counts as zero.
            "CASE WHEN abs(\(number)) < 1e-37 THEN 0::float8\n"
                + "ELSE greatest(-1.79e308, least(1.79e308, \(number)))::float8 END"
        case .timestamp, .timestamptz:
            // Counted from the type's own zero, from which all of its values can be reached; the
            // limits are its first and last second.
            "(\(rawType) '2000-01-01 00:00:00+00' + make_interval(secs => greatest(-211813488000,\n"
                + "least(9223371331199, \(number) - 946684800))::float8))"
        }
    }

    private var rawType: String { self == .timestamp ? "timestamp" : "timestamptz" }
}
