/// Ends a command that has said everything with an exit code.
struct ExitStatus: Error, Equatable {
    let code: Int32

    init(_ code: Int32) {
        self.code = code
    }

    /// Done.
    static let done: Int32 = 0
    /// Failed while running; progress is kept.
    static let failed: Int32 = 1
    /// Paused, drained or cancelled.
    static let stopped: Int32 = 3
    /// Done, but rows are quarantined or verification found differences.
    static let doneWithExceptions: Int32 = 4
    /// Bad usage, bad job, refused plan (`EX_USAGE` of sysexits.h).
    static let refused: Int32 = 64
    /// Server unreachable (`EX_UNAVAILABLE` of sysexits.h).
    static let unreachable: Int32 = 69
}
