import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One cluster for all tests of a process, started on first use, gone when the process ends.
public enum SharedSandbox {
    /// The primary of the cluster; the first caller starts it and the others wait.
    public static func server() async throws -> Server {
        try await SharedStart.instance.sandbox().primary
    }

    /// Lends an empty database of its own to the body and drops it afterwards.
    ///
    /// - Parameter body: What to do with the database's URI.
    public static func withDatabase<R>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (String) async throws -> R
    ) async throws -> R {
        try await server().withDatabase(body)
    }
}

/// Starts one sandbox, however many ask for it at once.
private actor SharedStart {
    static let instance = SharedStart()

    /// Where `atexit` finds what to close: it takes no argument.
    static let keeper = Mutex<Keeper?>(nil)

    private var sandbox: Sandbox?
    private var starting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func sandbox() async throws -> Sandbox {
        while starting {
            await withCheckedContinuation { waiting.append($0) }
        }
        if let sandbox { return sandbox }
        starting = true
        defer {
            // After a failure, such as the first caller's cancellation, the next one tries again.
            starting = false
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
        let started = try await Sandbox.start()
        sandbox = started
        Self.keeper.withLock { $0 = started.keeper }
        // The kernel would tell the keeper too, but whoever looks right after the process ended
        // should find nothing.
        atexit { SharedStart.keeper.withLock { $0 }?.closeBlocking() }
        return started
    }
}
