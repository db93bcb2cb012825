import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Stands between a client and a server on 127.0.0.1 and cuts connections where it is told to.
///
/// It passes whole requests on, up to their Sync, which is how `sluice` sends them anyway; so
/// where a batch is cut depends on the ``ConnectionCut`` alone and not on the network's mood.
package final class CuttingProxy: Sendable {
    private struct State {
        var armed: ConnectionCut?
        var counts = CutCounts()
        var silent = 0
        var open: Set<Int32> = []
        var isClosed = false
    }

    /// Where clients find it.
    package let port: Int
    private let listener: Int32
    private let serverPort: Int
    private let state = Mutex(State())
    private let released = DispatchSemaphore(value: 0)

    private init(serverPort: Int) throws {
        (listener, port) = try LoopbackSocket.listening()
        self.serverPort = serverPort
    }

    /// Lends a proxy in front of a server's port; all its connections end with the body.
    package static func with<Value>(
        serverPort: Int, isolation: isolated (any Actor)? = #isolation,
        _ body: (CuttingProxy) async throws -> Value
    ) async throws -> Value {
        let proxy = try CuttingProxy(serverPort: serverPort)
        Thread.detachNewThread { proxy.accept() }
        defer { proxy.end() }
        return try await body(proxy)
    }

    /// Cuts the next batch that comes along.
    package func arm(_ cut: ConnectionCut) {
        state.withLock { $0.armed = cut }
    }

    /// What it cut so far.
    package var counts: CutCounts { state.withLock(\.counts) }

    /// Connections through which nothing gets at the moment.
    package var silentCount: Int { state.withLock(\.silent) }

    /// Lets the rest of what was held back through.
    package func release() {
        for _ in 0..<silentCount { released.signal() }
    }

    // MARK: For its sessions

    /// Takes the cut that the next batch is to suffer.
    func takeCut() -> ConnectionCut? {
        state.withLock { state in
            defer { state.armed = nil }
            return state.armed
        }
    }

    func count(_ cut: ConnectionCut) {
        state.withLock { $0.counts.count(cut.place) }
    }

    /// Holds the calling thread back until ``release()``.
    func beSilent() {
        state.withLock { $0.silent += 1 }
        released.wait()
        state.withLock { $0.silent -= 1 }
    }

    // MARK: Connections

    private func accept() {
        while case let client = unsafeAccept(), client >= 0 {
            guard let server = LoopbackSocket.connected(to: serverPort) else {
                close(client)
                continue
            }
            let isWanted = state.withLock { state in
                if !state.isClosed { state.open.formUnion([client, server]) }
                return !state.isClosed
            }
            guard isWanted else {
                for socket in [client, server] { close(socket) }
                return
            }
            Thread.detachNewThread {
                var session = ProxiedSession(proxy: self, client: client, server: server)
                session.run()
                self.forget([client, server])
            }
        }
    }

    private func unsafeAccept() -> Int32 {
        while true {
            #if canImport(Glibc)
                let client = Glibc.accept(listener, nil, nil)
            #elseif canImport(Musl)
                let client = Musl.accept(listener, nil, nil)
            #else
                let client = Darwin.accept(listener, nil, nil)
            #endif
            if client >= 0 {
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                return client
            }
            guard errno == EINTR || errno == ECONNABORTED else { return client }
        }
    }

    private func forget(_ sockets: [Int32]) {
        state.withLock { state in
            for socket in sockets {
                state.open.remove(socket)
                close(socket)
            }
        }
    }

    private func end() {
        release()
        state.withLock { state in
            state.isClosed = true
            for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        // Wakes the thread that accepts, which ends.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    deinit { close(listener) }
}
