/// Why an operation ends before its answer has come.
enum Ending: Sendable {
    case cancelled
    case timedOut
    /// The receiver of rows threw.
    case abandoned

    private var kind: PostgresError.Kind { self == .timedOut ? .timedOut : .cancelled }

    /// The error of an operation that had sent something, or was connecting.
    func error(
        isEstablished: Bool, diagnostics: Diagnostics? = nil
    ) -> PostgresError {
        let happened = self == .timedOut ? "no answer came in time" : "the task was cancelled"
        let consequence =
            isEstablished ? "; the server was told to stop and the connection is closed" : ""
        return PostgresError(
            kind: kind, message: happened + consequence, diagnostics: diagnostics)
    }

    /// The error of an operation that had sent nothing.
    var unsent: PostgresError {
        let happened = self == .timedOut ? "the time was over" : "the task was cancelled"
        return PostgresError(kind: kind, message: happened + " before anything was sent")
    }
}
