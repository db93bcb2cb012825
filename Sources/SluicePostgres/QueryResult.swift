internal import CLibpq

/// The complete answer to one statement, in text form.
public struct QueryResult: Sendable, Hashable {
    /// The server's command tag, such as `UPDATE 12`; empty for an empty statement.
    public let commandTag: String
    /// The number in the tag; 0 where it has none.
    public let affectedRows: Int
    /// The names of the columns.
    public let columns: [String]
    /// The rows, each as long as `columns`; nil is NULL.
    public let rows: [[String?]]
    /// The notices and warnings that came with it, at most 64.
    public let notices: [Diagnostics]

    /// Makes a result; for those who stand in for a server in tests.
    public init(
        commandTag: String, affectedRows: Int = 0, columns: [String] = [],
        rows: [[String?]] = [], notices: [Diagnostics] = []
    ) {
        self.notices = notices
        self.commandTag = commandTag
        self.affectedRows = affectedRows
        self.columns = columns
        self.rows = rows
    }

    /// Copies a result; nothing of it is kept.
    init(result: OpaquePointer, notices: [Diagnostics]) {
        self.notices = notices
        let columnCount = PQnfields(result)
        commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        affectedRows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        columns = (0..<columnCount).map { column in
            PQfname(result, column).map { String(cString: $0) } ?? ""
        }
        rows = (0..<PQntuples(result)).map { Self.row($0, of: result, columnCount) }
    }

    /// Copies one row.
    static func row(_ row: Int32, of result: OpaquePointer, _ columnCount: Int32) -> [String?] {
        (0..<columnCount).map { column in
            guard PQgetisnull(result, row, column) == 0,
                let bytes = PQgetvalue(result, row, column)
            else { return nil }
            let length = Int(PQgetlength(result, row, column))
            return String(
                decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
        }
    }

    /// The first row, if there is one.
    public var first: [String?]? { rows.first }

    /// The first column of the first row; nil where there is no row or it is NULL.
    public var scalar: String? { rows.first?.first ?? nil }

    /// A value by row and column name; nil where there is no such row or column, or NULL.
    public subscript(row: Int, column: String) -> String? {
        guard rows.indices.contains(row), let index = columns.firstIndex(of: column)
        else { return nil }
        return rows[row][index]
    }
}

/// The answer to everything that one `send` queued.
public struct PipelineResult: Sendable, Hashable {
    /// The answers of the statements that succeeded, in order.
    ///
    /// What committed is what COMMIT's own tag says: it can say ROLLBACK.
    public let results: [QueryResult]
    /// The first error; the statements after it were not run.
    public let error: PostgresError?
    /// The index of the statement that failed, counted from 0 within its `send`.
    public let failedStatement: Int?

    /// Makes a result; for those who stand in for a server in tests.
    public init(
        results: [QueryResult], error: PostgresError? = nil, failedStatement: Int? = nil
    ) {
        self.results = results
        self.error = error
        self.failedStatement = failedStatement
    }

    /// The results, or the error thrown.
    public func get() throws(PostgresError) -> [QueryResult] {
        if let error { throw error }
        return results
    }
}
