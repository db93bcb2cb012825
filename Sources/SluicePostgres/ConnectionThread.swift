internal import CLibpq
internal import Synchronization

/// The thread of one connection, as the executor of its actor.
///
/// Every libpq call of a connection runs here, and the bodies are synchronous: no two
/// statements can interleave, and no shared thread is ever blocked.
///
/// Lifetime: the thread keeps its executor alive until `stop()` has been called and the
/// queue is empty. Whoever enqueues writes to the wake pipe while it holds the lock, so
/// the thread cannot have ended, nor the pipe been closed, in between.
final class ConnectionThread: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var signalled = false
        var stopping = false
        var ended = false
    }

    private let state = Mutex(State())
    private let pipe: WakePipe

    private init(pipe: WakePipe) { self.pipe = pipe }

    /// Starts a thread; it runs until `stop()`.
    static func start() throws(PostgresError) -> ConnectionThread {
        let exhausted = PostgresError(
            kind: .connectFailed,
            message: "no thread or file descriptor is left for another connection;"
                + " use fewer connections or raise the limits (ulimit -n, ulimit -u)")
        guard let pipe = WakePipe() else { throw exhausted }
        let thread = ConnectionThread(pipe: pipe)
        guard DetachedThread.start({ thread.runJobs() }) else {
            pipe.close()
            throw exhausted
        }
        return thread
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { state in
            state.jobs.append(job)
            signal(&state)
        }
    }

    /// Makes `poll` return, if the thread is in it or the next time that it is.
    func wake() {
        state.withLock { state in signal(&state) }
    }

    /// Lets the thread end once its queue is empty.
    ///
    /// Nothing may be enqueued afterwards.
    func stop() {
        state.withLock { state in
            state.stopping = true
            signal(&state)
        }
    }

    /// Waits until the socket is ready, the time is up or someone calls `wake()`.
    ///
    /// Only for bodies that run on this thread. Nil: the system refused to poll.
    func wait(socket: Int32, read: Bool, write: Bool, milliseconds: Int32) -> Readiness? {
        let ready = sluice_poll(
            socket, read ? 1 : 0, write ? 1 : 0, pipe.readEnd, milliseconds)
        guard ready >= 0 else { return nil }
        let readiness = Readiness(rawValue: UInt32(ready))
        if readiness.contains(.woken) {
            state.withLock { state in
                pipe.drain()
                state.signalled = false
            }
        }
        return readiness
    }

    private func signal(_ state: inout State) {
        guard !state.signalled, !state.ended else { return }
        state.signalled = true
        pipe.write()
    }

    private func runJobs() {
        while true {
            let (jobs, stopping) = state.withLock { state in
                defer { state.jobs.removeAll() }
                return (state.jobs, state.stopping)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            guard jobs.isEmpty else { continue }
            if stopping { break }
            _ = wait(socket: -1, read: false, write: false, milliseconds: -1)
        }
        state.withLock { state in
            state.ended = true
            pipe.close()
        }
    }
}

/// What `ConnectionThread.wait` saw.
struct Readiness: OptionSet {
    let rawValue: UInt32

    static let readable = Readiness(rawValue: SLUICE_READABLE.rawValue)
    static let writable = Readiness(rawValue: SLUICE_WRITABLE.rawValue)
    static let woken = Readiness(rawValue: SLUICE_WOKEN.rawValue)
}
