internal import CLibpq

/// Every field that the server reports with an error or a notice.
///
/// See "Error and Notice Message Fields" in PostgreSQL's protocol chapter. `detail` and
/// `context` can hold values of rows: show them where the rows themselves may be shown.
public struct Diagnostics: Sendable, Hashable {
    /// `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE`…, never translated.
    public var severity: String?
    /// The SQLSTATE.
    public var sqlState: SQLState?
    /// The primary message.
    public var message: String?
    /// More about the problem.
    public var detail: String?
    /// What to do about it.
    public var hint: String?
    /// Where in the statement, in characters from 1.
    public var position: Int?
    /// Where in `internalQuery`, in characters from 1.
    public var internalPosition: Int?
    /// The failed statement that the server generated itself.
    public var internalQuery: String?
    /// The call stack of server-side code.
    public var context: String?
    /// The schema of the object concerned.
    public var schema: String?
    /// The table concerned.
    public var table: String?
    /// The column concerned.
    public var column: String?
    /// The data type concerned.
    public var dataType: String?
    /// The constraint concerned.
    public var constraint: String?
    /// The server's source file.
    public var sourceFile: String?
    /// The line in the server's source file.
    public var sourceLine: Int?
    /// The server's function.
    public var sourceFunction: String?

    /// Diagnostics with no field set.
    public init() {}

    /// Copies the fields of a result; nothing of `result` is kept.
    init(result: OpaquePointer?) {
        func field(_ code: sluice_diag_field) -> String? {
            PQresultErrorField(result, Int32(code.rawValue)).map { String(cString: $0) }
        }
        severity = field(SLUICE_DIAG_SEVERITY)
        sqlState = field(SLUICE_DIAG_SQLSTATE).map(SQLState.init(rawValue:))
        message = field(SLUICE_DIAG_MESSAGE)
        detail = field(SLUICE_DIAG_DETAIL)
        hint = field(SLUICE_DIAG_HINT)
        position = field(SLUICE_DIAG_POSITION).flatMap { Int($0) }
        internalPosition = field(SLUICE_DIAG_INTERNAL_POSITION).flatMap { Int($0) }
        internalQuery = field(SLUICE_DIAG_INTERNAL_QUERY)
        context = field(SLUICE_DIAG_CONTEXT)
        schema = field(SLUICE_DIAG_SCHEMA)
        table = field(SLUICE_DIAG_TABLE)
        column = field(SLUICE_DIAG_COLUMN)
        dataType = field(SLUICE_DIAG_DATATYPE)
        constraint = field(SLUICE_DIAG_CONSTRAINT)
        sourceFile = field(SLUICE_DIAG_SOURCE_FILE)
        sourceLine = field(SLUICE_DIAG_SOURCE_LINE).flatMap { Int($0) }
        sourceFunction = field(SLUICE_DIAG_SOURCE_FUNCTION)
    }

    /// Whether the server ends the session together with this message.
    var endsSession: Bool { severity == "FATAL" || severity == "PANIC" }
}
