import Dispatch
import Subprocess
import Synchronization

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Holds a sandbox's folder and, through a helper process, sees to it that nothing remains.
///
/// The helper (``KeeperScript/keeper``) reads a socket whose other end only this object has. When
/// that is closed, by ``close()``, by the last reference going away, or by the kernel because
/// the process died, the helper stops every process of the sandbox and removes the folder.
final class Keeper: Sendable {
    private enum State {
        case open(FileDescriptor)
        case closing(waiting: [CheckedContinuation<Void, Never>])
        case closed
    }

    /// The sandbox's folder; the servers' sockets lie in it.
    let folder: String

    private let state: Mutex<State>

    private init(folder: String, socket: FileDescriptor) {
        self.folder = folder
        state = Mutex(.open(socket))
    }

    deinit {
        state.withLock { state in
            if case .open(let socket) = state { try? socket.close() }
        }
    }

    /// The longest path of a folder, in bytes, whose sockets can be bound on every system:
    /// `sun_path` has 104 bytes on macOS (108 on Linux), less a NUL and `/.s.PGSQL.65535`.
    static let folderBytesMax = 104 - 1 - 15

    /// Starts the helper, which makes the folder in the first of the parents that will do.
    static func start(parents: [String], account: ServerAccount?) async throws -> Keeper {
        let (socket, helperEnd) = try closeOnExecPair()
        do {
            defer { try? helperEnd.close() }
            _ = try await run(
                .shell(
                    KeeperScript.keeper, [String(folderBytesMax)] + parents, as: account),
                input: .fileDescriptor(helperEnd, closeAfterSpawningProcess: false),
                output: .fileDescriptor(helperEnd, closeAfterSpawningProcess: false),
                error: .discarded)
        } catch {
            try? socket.close()
            throw error
        }
        let folder = await onThread { socket.readLine() }
        guard !folder.isEmpty else {
            try? socket.close()
            try Task.checkCancellation()
            throw SandboxError(
                .folderFailed,
                "no folder for the cluster could be made in \(parents.joined(separator: ", "))"
                    + (account.map { " by user \($0.name)" } ?? "")
                    + ": set TMPDIR to a short path that it can write to")
        }
        return Keeper(folder: folder, socket: socket)
    }

    /// Lets the helper stop everything and remove the folder, and waits until it has.
    ///
    /// Not cut short by cancellation of the task: that is when it is needed.
    func close() async {
        await withCheckedContinuation { continuation in
            let opened = state.withLock { state -> FileDescriptor? in
                switch state {
                case .open(let socket):
                    state = .closing(waiting: [continuation])
                    return socket
                case .closing(let waiting):
                    state = .closing(waiting: waiting + [continuation])
                case .closed:
                    continuation.resume()
                }
                return nil
            }
            guard let opened else { return }
            DispatchQueue.global().async { self.finish(opened) }
        }
    }

    /// The same for the end of the process, where nothing can be awaited any more.
    func closeBlocking() {
        let opened = state.withLock { state -> FileDescriptor? in
            guard case .open(let socket) = state else { return nil }
            state = .closing(waiting: [])
            return socket
        }
        if let opened { finish(opened) }
    }

    private func finish(_ socket: FileDescriptor) {
        socket.endWriting()
        while !socket.readLine().isEmpty {}
        try? socket.close()
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .closing(let waiting) = state else { return [] }
            state = .closed
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Runs a blocking call away from the threads of Swift's concurrency.
    private static func onThread(_ body: @escaping @Sendable () -> String) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }
}
