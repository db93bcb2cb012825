internal import CLibpq

/// One session of a PostgreSQL server.
///
/// Operations run one after the other on a thread that belongs to this connection.
/// Cancelling the task of an operation that has been sent asks the server to cancel it,
/// waits at most five seconds for its answer, and closes the connection: a cancel request
/// can arrive late, and must never meet somebody's next statement. Before libpq 17 the
/// request travels unencrypted, as it does for every client.
public actor PostgresConnection {
    private nonisolated let thread: ConnectionThread
    nonisolated let status = ConnectionStatus()
    private var session: Session?

    /// The connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private init(thread: ConnectionThread) {
        self.thread = thread
    }

    deinit { thread.stop() }

    /// Connects.
    ///
    /// Sets `client_encoding` to UTF8 and, where nobody set them, keepalives that find a
    /// dead peer within a minute. Looking up a host name cannot be interrupted.
    ///
    /// Throws `.connectFailed` (with the SQLSTATE when the server refused), `.cancelled`,
    /// or `.usage` for settings that hold a NUL byte.
    public static func connect(
        _ parameters: ConnectionParameters, timeout: Duration = .seconds(10)
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(thread: try ConnectionThread.start())
        let interrupt = Interrupt(thread: connection.thread)
        let deadline = Deadline(after: timeout)
        let outcome = await withTaskCancellationHandler {
            await connection.open(parameters, interrupt, deadline)
        } onCancel: {
            interrupt.fire()
        }
        try outcome.get()
        return connection
    }

    /// Connects though the task is cancelled; only the timeout ends it.
    ///
    /// Throws as ``connect(_:timeout:)`` does.
    public static func connectToTheEnd(
        _ parameters: ConnectionParameters, timeout: Duration
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(thread: try ConnectionThread.start())
        try await connection.open(
            parameters, Interrupt(thread: connection.thread), Deadline(after: timeout)
        ).get()
        return connection
    }

    /// The settings that this session was opened with, those of the environment, of a service file
    /// and libpq's own defaults included.
    public nonisolated var resolvedParameters: ConnectionParameters { status.parameters }

    /// The server's process for this session.
    public nonisolated var backendPID: Int32 { status.backendPID }

    /// The server's version as libpq numbers it: 150018 is 15.18.
    public nonisolated var serverVersion: Int { status.serverVersion }

    /// False once the connection was closed, lost, cancelled or timed out.
    public nonisolated var isUsable: Bool { status.isUsable }

    /// Whether the last operation left a transaction open, failed or not.
    public nonisolated var isInTransaction: Bool { status.isInTransaction }

    /// How many sent batches have not been received.
    public nonisolated var outstanding: Int { status.outstandingBatches }

    /// Cancels what this connection is running now, as cancelling its task would.
    ///
    /// The operation throws `.cancelled` and the connection is closed. Does not wait, and
    /// does nothing when nothing is running.
    public nonisolated func cancel() {
        status.interruptRunning()
    }

    /// Closes the connection after what it is running; closing again does nothing.
    ///
    /// A transaction that is open is rolled back by the server.
    public nonisolated func close() async {
        await finish(because: "it was closed")
    }

    /// Runs `body` on the connection's thread, with the caller's task able to end it.
    nonisolated func perform<Value: Sendable>(
        timeout: Duration?,
        _ body: @Sendable (Session) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let interrupt = Interrupt(thread: thread)
        let deadline = Deadline(after: timeout)
        let outcome = await withTaskCancellationHandler {
            await run(interrupt, deadline, body)
        } onCancel: {
            interrupt.fire()
        }
        return try outcome.get()
    }

    /// Runs `body` on the connection's thread; the caller's task, ended or not, does not end it.
    nonisolated func performToTheEnd<Value: Sendable>(
        timeout: Duration,
        _ body: @Sendable (Session) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        try await run(Interrupt(thread: thread), Deadline(after: timeout), body).get()
    }
}

/// What runs on the thread. A `Result`, because cancellation handlers erase typed throws.
extension PostgresConnection {
    private func open(
        _ parameters: ConnectionParameters, _ interrupt: Interrupt, _ deadline: Deadline
    ) -> Result<Void, PostgresError> {
        do throws(PostgresError) {
            let session = try Session.connect(
                parameters, thread: thread, interrupt: interrupt, deadline: deadline)
            status.established(
                backendPID: PQbackendPID(session.connection),
                serverVersion: Int(PQserverVersion(session.connection)),
                parameters: ConnectionParameters(resolvedFrom: session.connection))
            self.session = session
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func run<Value>(
        _ interrupt: Interrupt, _ deadline: Deadline,
        _ body: (Session) throws(PostgresError) -> Value
    ) -> Result<Value, PostgresError> {
        guard let session else {
            let reason = status.endReason.map { ": " + $0 } ?? ""
            return .failure(
                PostgresError(
                    kind: .usage, message: "the connection is closed\(reason); connect again"))
        }
        status.started(interrupt)
        defer {
            status.finished(
                outstandingBatches: self.session?.outstandingBatches ?? 0,
                isInTransaction: self.session?.isInTransaction ?? false)
        }
        session.begin(interrupt, deadline)
        if let ending = session.endingAtOnce {
            if session.outstandingBatches == 0 { return .failure(ending.unsent) }
            session.end(ending)
            return settle(.failure(ending.unsent), session)
        }
        let outcome: Result<Value, PostgresError>
        do throws(PostgresError) {
            outcome = .success(try body(session))
        } catch {
            outcome = .failure(error)
        }
        return settle(outcome, session)
    }

    /// Decides what an operation came to, and whether the connection survives it.
    private func settle<Value>(
        _ outcome: Result<Value, PostgresError>, _ session: Session
    ) -> Result<Value, PostgresError> {
        guard let ending = session.ending else {
            if case .failure(let error) = outcome, !session.isAlive {
                finish(because: error.message)
            }
            return outcome
        }
        // What is still in the pipe may run; seeing its end here, rather than leaving it
        // running behind a closed connection, is worth the rest of the grace.
        try? session.discardOutstanding()
        if ending == .abandoned {
            finish(because: "the receiver of its rows failed")
            return outcome
        }
        var diagnostics: Diagnostics?
        if case .failure(let error) = outcome { diagnostics = error.diagnostics }
        let error = ending.error(isEstablished: true, diagnostics: diagnostics)
        finish(because: error.message)
        return .failure(error)
    }

    private func finish(because reason: String) {
        session = nil
        status.ended(because: reason)
    }
}
