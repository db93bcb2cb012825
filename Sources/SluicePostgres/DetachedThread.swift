internal import CLibpq

/// Threads for calls that block.
enum DetachedThread {
    /// libpq, OpenSSL and the resolver need some of it; only pages touched cost memory.
    static let stackBytes = 512 * 1024

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own that handles no signals.
    ///
    /// False: no thread was to be had.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let argument = Unmanaged.passRetained(Body(body))
        let failure = sluice_thread_start(
            { argument in
                if let argument {
                    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, argument.toOpaque(), stackBytes)
        if failure != 0 { argument.release() }
        return failure == 0
    }
}
