import SluiceCore
import SluicePostgres

/// A worker's connection and what it is in the middle of.
struct WorkerHands: Sendable {
    let context: RunContext
    private var connection: PostgresConnection?
    private var messages: BatchMessages
    /// The keys of the region that is being filled.
    var laneKeys = LaneKeys()
    /// The same as runs of whole numbers, in place of keys.
    var laneRuns: LaneRuns?
    /// Or its pages.
    var lanePages = LanePages()
    var lastAnswer = ContinuousClock.now

    init(context: RunContext) {
        self.context = context
        messages = BatchMessages(job: context.job)
    }

    /// Performs one action and says what came of it.
    mutating func perform(_ action: WorkerAction, limits: Limits) async -> WorkerEvent {
        do throws(PostgresError) {
            switch action {
            case .connect: return try await connect()
            case .claim: return try await claim(limits: limits)
            case .send(let range, let keys, let bytes, let first):
                return try await send(
                    range, keys: keys, bytes: bytes, firstOfRange: first, limits: limits)
            case .sendPages(let range, let keys, let skips):
                return try await sendPages(range, keys: keys, skips: skips, limits: limits)
            case .receive: return try await receive()
            case .survey(let range, let request) where range.isPhysical:
                return .surveyed(try await surveyPages(range, request, limits: limits))
            case .survey(let range, let request):
                return .surveyed(try await survey(range, request, limits: limits))
            case .sendLane(let range, let batch) where range.isPhysical:
                return try await sendPages(range, batch, skips: false, limits: limits)
            case .skipLane(let range, let batch):
                return try await sendPages(range, batch, skips: true, limits: limits)
            case .sendLane(let range, let batch):
                return try await send(range, batch, limits: limits)
            case .lookAtHorizon(let seconds):
                try? await Task.sleep(for: .seconds(seconds))
                return .horizon(try await horizon())
            case .probeLane(let range, let batch):
                return try await probe(range, batch, limits: limits)
            case .quarantineLane(let range, let key, let batch):
                return .quarantined(try await quarantine(range, key, batch, limits: limits))
            case .probe(let range, let first):
                return try await probe(range, firstOfRange: first, limits: limits)
            case .quarantine(let range, let key, let first):
                return .quarantined(
                    try await quarantine(range, key, firstOfRange: first, limits: limits))
            case .reattach(let range):
                return .reattached(try await held(RangeSQL.reattach, range, lease: false))
            case .renew(let range):
                return .renewed(try await held(RangeSQL.renew, range, lease: true))
            case .release(let range):
                _ = try await held(RangeSQL.release, range, lease: false)
                return .released
            case .split(let keysMin): return try await split(batchKeys: keysMin, limits: limits)
            case .wait(let seconds):
                // Cut short by cancellation too, which the loop above looks at.
                await context.rests.rest(seconds: seconds)
                return .waited
            case .exit: return .waited
            }
        } catch {
            let elapsed = lastAnswer.duration(to: .now) / .milliseconds(1)
            lastAnswer = .now
            let failure = failure(error, elapsedMilliseconds: Int(elapsed))
            if failure.origin != .server { await close() }
            return .failed(failure)
        }
    }

    mutating func close() async {
        await connection?.close()
        connection = nil
    }

    // MARK: Actions

    private mutating func connect() async throws(PostgresError) -> WorkerEvent {
        await close()
        connection = try await context.connect()
        messages.forgetSession()
        return .connected
    }

    /// Claims need not be durable: a crash of the server that loses one ends every session that
    /// could have used it.
    private mutating func claim(limits: Limits) async throws(PostgresError) -> WorkerEvent {
        let result = try await open().transact(
            RangeSQL.claim,
            [.text("\(context.run)"), .text(context.owner), .text("\(context.leaseSeconds)")],
            durable: false)
        if let range = Self.range(result.rows.first) {
            return await lookedBehind(range, limits: limits)
        }
        let unfinished = try await open().query(
            RangeSQL.unfinished, [.text("\(context.run)")],
            timeout: PostgresConnection.ledgerTimeout
        ).scalar
        return .nothingClaimable(unfinished: unfinished.flatMap { Int($0) } ?? 0)
    }

    private mutating func send(
        _ range: HeldRange, keys: Int, bytes: Int?, firstOfRange: Bool, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let connection = try open()
        if connection.outstanding == 0 { lastAnswer = .now }
        let fence =
            fence(range) + [
                .text("\(keys)"), .text("\(context.leaseSeconds)"),
                .text(context.job.session.durableCommit),
            ]
        try await connection.send(
            messages.batch(
                part: range.part, firstOfRange: firstOfRange, fence, bytes: bytes, limits: limits,
                serverVersion: connection.serverVersion))
        return .sent
    }

    private mutating func sendPages(
        _ range: HeldRange, keys: Int, skips: Bool, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let parameters =
            fence(range) + [
                Parameter(pages(range, keys: keys)), .text("\(context.leaseSeconds)"),
                .text(context.job.session.durableCommit),
            ]
        return try await sendPages(
            range, parameters, isLane: false, skips ? .none : .all, limits: limits)
    }

    private mutating func sendPages(
        _ range: HeldRange, _ batch: LaneBatch, skips: Bool, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let rows = skips ? .none : pageRows(batch)
        return try await sendPages(
            range, pageParameters(range, batch, rows), isLane: true, rows, limits: limits)
    }

    private mutating func sendPages(
        _ range: HeldRange, _ parameters: [Parameter], isLane: Bool, _ rows: PhysicalSQL.Rows,
        limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let connection = try open()
        if connection.outstanding == 0 { lastAnswer = .now }
        try await connection.send(
            messages.pages(
                part: range.part, isLane: isLane, rows, parameters, limits: limits,
                serverVersion: connection.serverVersion))
        return .sent
    }

    private mutating func send(
        _ range: HeldRange, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let connection = try open()
        if connection.outstanding == 0 { lastAnswer = .now }
        try await connection.send(
            messages.lane(
                part: range.part, namesRuns: laneRuns != nil, laneParameters(range, batch),
                limits: limits, serverVersion: connection.serverVersion))
        return .sent
    }

    mutating func receive() async throws(PostgresError) -> WorkerEvent {
        let connection = try open()
        let answer = try await connection.receive(timeout: Self.batchTimeout)
        if let error = answer.error {
            let elapsed = lastAnswer.duration(to: .now) / .milliseconds(1)
            lastAnswer = .now
            // What the failed transaction set is undone with it.
            messages.forgetSession()
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            return .failed(failure(error, elapsedMilliseconds: Int(elapsed)))
        }
        let elapsedSeconds = lastAnswer.duration(to: .now) / .seconds(1)
        lastAnswer = .now
        return Self.outcome(of: answer, elapsedSeconds: elapsedSeconds)
    }

    /// What a batch did, by the last but one of its results; how long its statement took is the
    /// server's word, and the rest of the time is what every batch costs.
    static func outcome(
        of answer: PipelineResult, elapsedSeconds: Double? = nil
    ) -> WorkerEvent {
        // What committed is what COMMIT's own tag says.
        guard answer.results.count >= 3, answer.results.last?.commandTag == "COMMIT" else {
            return .failed(
                Failure(origin: .connectionLost, message: "the server did not commit a batch"))
        }
        guard let row = answer.results[answer.results.count - 2].rows.first else {
            return .fenceMissed
        }
        var counts = BatchCounts(
            keysScanned: Int(row[0] ?? "") ?? 0, rowsChanged: Int(row[1] ?? "") ?? 0,
            finishedRange: row[2] == "t",
            bytes: row.count > 5 ? row[5].flatMap { Int($0) } : nil)
        if let elapsedSeconds, let statement = row[4].flatMap({ Double($0) }) {
            counts.timing = BatchTiming(
                elapsedSeconds: elapsedSeconds,
                overheadSeconds: max(0, elapsedSeconds - statement))
        }
        if row.count > 8, let transaction = UInt64(row[6] ?? ""), let horizon = UInt64(row[7] ?? "")
        {
            counts.lane = LaneMark(
                transaction: transaction, horizon: horizon, hotRows: Int(row[8] ?? "") ?? 0)
        }
        return .committed(counts)
    }

    /// Takes over the later half of what another worker has ahead, if there is one with enough.
    private mutating func split(
        batchKeys: Int, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        // What is looked at may be done in a moment, and need not be shared.
        if context.sweeps.isLooking { return .split(nil) }
        let splitter = RangeSplitter(context: context, connection: try open())
        let row = try await splitter.split(batchKeys: batchKeys, limits: limits)
        return .split(Self.range(row))
    }

    func held(
        _ statement: String, _ range: HeldRange, lease: Bool
    ) async throws(PostgresError) -> HeldRange? {
        let more: [Parameter] = lease ? [.text("\(context.leaseSeconds)")] : []
        let result = try await open().transact(
            statement, fence(range) + more, durable: false)
        return Self.range(result.rows.first)
    }

    // MARK: Pieces

    /// Bound on a batch, far above its own server-side timeouts: only a dead network needs it.
    static let batchTimeout = Duration.seconds(900)

    func fence(_ range: HeldRange) -> [Parameter] {
        [
            .text("\(context.run)"), .text("\(range.number)"), .text(context.owner),
            .text("\(range.epoch)"),
        ]
    }

    func open() throws(PostgresError) -> PostgresConnection {
        guard let connection else {
            throw PostgresError(kind: .connectionLost, message: "the session is closed")
        }
        return connection
    }

    /// The failure in the core's terms.
    func failure(_ error: PostgresError, elapsedMilliseconds: Int) -> Failure {
        let isYield =
            error.sqlState?.rawValue == "57014"
            && connection.map { context.yields.take($0.backendPID) } ?? false
        return Failure(error, elapsedMilliseconds: elapsedMilliseconds, isYield: isYield)
    }

    private static func range(_ row: [String?]?) -> HeldRange? {
        guard let row, let number = Int(row[0] ?? ""), let epoch = Int(row[1] ?? "") else {
            return nil
        }
        return HeldRange(
            number: number, epoch: epoch, hasCursor: row[2] == "t",
            batches: Int(row[3] ?? "") ?? 0, part: Int(row[4] ?? "") ?? 1,
            hasRegion: row.count > 5 && row[5] == "t",
            isPhysical: row.count > 6 && row[6] == "t")
    }
}
