/// One column of the key that keyset pagination walks.
public struct KeyColumn: Sendable, Hashable {
    /// The column's name as the catalog spells it, unquoted.
    public let name: String
    /// The schema-qualified, quoted type that cursors are cast back to, such as `pg_catalog.int8`.
    ///
    /// Without a length or precision: a cast to `character(1)` would cut the key.
    public let castType: String
    /// The schema-qualified, quoted collation that orders it; `nil` for types that have none.
    ///
    /// Values that do not come from the column itself are compared under the database's default
    /// one unless it is named.
    public let collation: String?
    /// Whether equal steps in value mean roughly equal steps in rows, so that bounds may be
    /// found by arithmetic.
    public let arithmetic: KeyArithmetic
    /// Whether the column itself must be cast to ``castType`` to be compared: the operators of
    /// enums do not take a domain over one.
    public let isComparedByCast: Bool

    /// Describes a key column.
    public init(
        name: String, castType: String, collation: String? = nil,
        arithmetic: KeyArithmetic = .none, isComparedByCast: Bool = false
    ) {
        self.collation = collation
        self.isComparedByCast = isComparedByCast
        self.name = name
        self.castType = castType
        self.arithmetic = arithmetic
    }
}

/// How bounds between two key values can be computed by the server without asking the index.
///
/// A domain has the arithmetic of its base type: what lies between two of its values may not be
/// one, but is only compared with them.
public enum KeyArithmetic: String, Sendable, Hashable, CaseIterable {
    /// Not at all: bounds come from statistics or from a sample.
    case none
    /// 16, 32 and 64 bit integers.
    case integer
    /// Sixteen bytes, compared as unsigned numbers.
    case uuid
    /// Decimal numbers of any size, with infinities and NaN.
    case numeric
    /// 4 and 8 byte floating point numbers, with infinities and NaN.
    case float
    /// Days, with infinities.
    case date
    /// Microseconds without a time zone, with infinities.
    case timestamp
    /// Microseconds in time, with infinities.
    case timestamptz
}

/// One key: a value for each key column, as text in the server's own output form.
public typealias KeyTuple = [String]

/// An interval of keys `(lower, upper]`.
public struct KeyRange: Sendable, Hashable {
    /// The key before the first one; `nil` leaves the range open below, which is the only way to
    /// include the smallest key without computing "smallest minus one" (it overflows at −2⁶³).
    public let lower: KeyTuple?
    /// The last key, included.
    public let upper: KeyTuple
    /// Keys expected inside, for progress; an estimate unless the range is done.
    public let keysEstimate: Int
    /// The number of the table it is a range of, from 1.
    public let part: Int
    /// Whether it is an interval of the table's pages, by their numbers, and without the last one.
    public let isPhysical: Bool

    /// Describes the interval `(lower, upper]`, or where it is one of pages, `[lower, upper)`.
    public init(
        lower: KeyTuple?, upper: KeyTuple, keysEstimate: Int, part: Int = 1,
        isPhysical: Bool = false
    ) {
        self.part = part
        self.isPhysical = isPhysical
        self.lower = lower
        self.upper = upper
        self.keysEstimate = keysEstimate
    }
}
