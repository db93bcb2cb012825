/// A key that was set aside since its row could not be changed.
public struct QuarantinedKey: Sendable, Equatable, Encodable {
    /// Its number, by which a person means it.
    public let number: Int64
    /// The table that holds the row, schema-qualified; `nil` where it is not known any more.
    public let table: String?
    /// The key's columns in the server's text form.
    public let key: [String]
    /// The SQLSTATE of the error.
    public let sqlState: String
    /// What the server said, on one line.
    public let message: String
    /// When it said so, ISO 8601 in UTC.
    public let at: String
    /// Whether a person has accepted that the row stays as it is.
    public let isSkipped: Bool

    enum CodingKeys: String, CodingKey {
        case number, table, key, message, at
        case sqlState = "sqlstate"
        case isSkipped = "skipped"
    }
}

/// What came of trying quarantined keys again.
public struct QuarantineRetry: Sendable, Equatable {
    /// Keys whose rows could be changed, or were gone.
    public let settled: Int
    /// Rows changed.
    public let rowsChanged: Int
    /// Keys that failed again, with what they failed with.
    public let failed: [QuarantinedKey]
    /// Keys of the run that are left to settle.
    public let remaining: Int
}
