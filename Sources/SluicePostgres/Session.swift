internal import CLibpq

/// A libpq connection and the operation that is using it.
///
/// Not `Sendable`: it lives inside its actor and is only used on the actor's thread. All
/// methods are synchronous; `wait` is the one place where they wait.
final class Session {
    /// How long the server has to answer a cancel request.
    ///
    /// Then the connection is closed without its answer. Cancelling takes milliseconds
    /// unless the network is gone.
    static let cancelGrace = Duration.seconds(5)

    /// How long until a cancel request is repeated.
    ///
    /// One that overtakes its statement finds an idle server, which forgets it.
    static let cancelRepeat = Duration.milliseconds(250)

    /// How long to wait at most, with TLS, without asking libpq again.
    ///
    /// A precaution: libpq's own waits first look for bytes pending inside OpenSSL, which
    /// `poll` cannot see and libpq does not tell.
    static let encryptedTickMilliseconds: Int32 = 100

    let connection: OpaquePointer
    let thread: ConnectionThread
    let notices = NoticeBox()

    /// Batches that were sent and whose results have not been read.
    var outstandingBatches = 0
    /// Set by what leaves the protocol in a state that nobody reads on from.
    var isBroken = false
    /// Set once the session is established.
    var isEstablished = false

    /// Statements that the server keeps for this session, by their SQL.
    var keptNames: [String: String] = [:]
    /// How many it was ever asked to keep.
    var keptCount = 0

    private var interrupt: Interrupt
    private var deadline: Deadline
    private(set) var ending: Ending?
    private var nextCancel = Deadline(after: nil)

    init(
        connection: OpaquePointer, thread: ConnectionThread, interrupt: Interrupt,
        deadline: Deadline
    ) {
        self.connection = connection
        self.thread = thread
        self.interrupt = interrupt
        self.deadline = deadline
        notices.attach(to: connection)
    }

    deinit { PQfinish(connection) }

    /// Begins an operation.
    func begin(_ interrupt: Interrupt, _ deadline: Deadline) {
        self.interrupt = interrupt
        self.deadline = deadline
        _ = notices.take()
    }

    /// Why the operation that just began is to end before it sends anything.
    var endingAtOnce: Ending? {
        if interrupt.isFired { return .cancelled }
        return deadline.hasPassed ? .timedOut : nil
    }

    /// Whether a transaction is open, failed or not.
    var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }

    /// Whether libpq still takes this connection for a living one.
    var isAlive: Bool { !isBroken && PQstatus(connection) == CONNECTION_OK }

    /// Asks the server to cancel what it is running.
    ///
    /// The reader goes on reading, but no longer than the grace.
    func end(_ cause: Ending) {
        guard ending == nil else { return }
        ending = cause
        deadline = Deadline(after: isEstablished ? Self.cancelGrace : .zero)
        if isEstablished { requestCancel() }
    }

    private func requestCancel() {
        CancelRequest(connection: connection)?.send()
        nextCancel = Deadline(after: Self.cancelRepeat)
    }

    /// Waits until the socket can be read or written.
    ///
    /// Throws when the operation is to end and the server has had its time to answer.
    func wait(read: Bool = true, write: Bool = false) throws(PostgresError) -> Readiness {
        while true {
            if ending == nil, interrupt.isFired {
                end(.cancelled)
            } else if ending == nil, deadline.hasPassed {
                end(.timedOut)
            }
            if let ending, deadline.hasPassed { throw ending.error(isEstablished: isEstablished) }
            if nextCancel.hasPassed { requestCancel() }
            // It changes while connecting, and is -1 once libpq has closed it.
            let socket = PQsocket(connection)
            guard socket >= 0 else { throw lost() }
            var milliseconds = deadline.sooner(nextCancel).remainingMilliseconds
            let isEncrypted = isEstablished && isEncryptedSession
            if isEncrypted {
                let tick = Self.encryptedTickMilliseconds
                milliseconds = milliseconds < 0 ? tick : min(milliseconds, tick)
            }
            guard
                let readiness = thread.wait(
                    socket: socket, read: read, write: write, milliseconds: milliseconds)
            else { throw lost() }
            if readiness.contains(.readable) || readiness.contains(.writable) {
                return readiness
            }
            if isEncrypted { return [.readable] }
        }
    }

    /// Waits for a time, in whole milliseconds, and returns the one that it waited for.
    ///
    /// Throws when the operation is to end; nothing was sent then, and the session stays usable.
    func rest(until due: ContinuousClock.Instant) throws(PostgresError) -> ContinuousClock.Instant {
        while true {
            if interrupt.isFired { throw Ending.cancelled.unsent }
            let now = ContinuousClock.now
            let milliseconds = Int32(clamping: Int64(now.duration(to: due) / .milliseconds(1)))
            guard milliseconds > 0 else { return min(due, now) }
            guard
                let readiness = thread.wait(
                    socket: -1, read: false, write: false, milliseconds: milliseconds)
            else { throw lost() }
            if !readiness.contains(.woken) {
                return now.advanced(by: .milliseconds(Int(milliseconds)))
            }
        }
    }

    private var isEncryptedSession: Bool {
        PQsslInUse(connection) != 0 || PQgssEncInUse(connection) != 0
    }

    /// The error for a connection that libpq has given up.
    func lost() -> PostgresError {
        isBroken = true
        let reason = String(cString: PQerrorMessage(connection)).onOneLine
        return PostgresError(
            kind: .connectionLost,
            message: "the connection was lost" + (reason.isEmpty ? "" : ": " + reason))
    }
}
