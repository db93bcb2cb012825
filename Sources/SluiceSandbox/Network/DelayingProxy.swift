import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP proxy on loopback that passes everything on a fixed time later, in each direction.
///
/// It delays and does not throttle: what arrives is stamped and queued at once, and any amount
/// can be under way, as on a long line.
public final class DelayingProxy: Sendable {
    /// The port to connect to, on 127.0.0.1.
    public let port: UInt16
    private let listener: Int32
    private let open = Mutex<[Int32]>([])

    /// Starts to accept connections, each passed on to the port on 127.0.0.1.
    ///
    /// - Throws: ``SandboxError`` where there is no port to listen on.
    public init(towards target: UInt16, delay: Duration) throws {
        listener = try Loopback.listen()
        port = Loopback.port(of: listener)
        Thread { [self] in accept(target, delay) }.start()
    }

    /// Ends all connections; nothing of the proxy remains once they have noticed.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        open.withLock { sockets in
            for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func accept(_ target: UInt16, _ delay: Duration) {
        while true {
            let client = Loopback.accept(listener)
            guard client >= 0 else { return }
            guard let server = Loopback.connect(target) else {
                close(client)
                continue
            }
            open.withLock { $0 += [client, server] }
            let closing = SharedClose(client, server) { [self] in
                open.withLock { $0.removeAll { $0 == client || $0 == server } }
            }
            for (from, to) in [(client, server), (server, client)] {
                DelayLine(from: from, to: to, delay: delay, onEnd: closing.oneEnded).start()
            }
        }
    }
}

/// Closes a connection's two sockets when both directions have ended, so that no descriptor is
/// used again while the other direction still has it.
private final class SharedClose: Sendable {
    private let remaining = Mutex(2)
    private let sockets: (Int32, Int32)
    private let forget: @Sendable () -> Void

    init(_ first: Int32, _ second: Int32, forget: @escaping @Sendable () -> Void) {
        sockets = (first, second)
        self.forget = forget
    }

    @Sendable func oneEnded() {
        let left = remaining.withLock { count in
            count -= 1
            return count
        }
        guard left == 0 else { return }
        forget()
        close(sockets.0)
        close(sockets.1)
    }
}
