import SluiceCore
import SluicePostgres

/// What the workers of one verification have in common.
struct VerifyContext: Sendable {
    let record: RunRecord
    let job: PlannedJob
    /// The statements for each table, by the run's number of it.
    let statements: [Int: CompareSQL]
    let primary: ConnectionParameters
    /// Where rows are read, if not there.
    let replica: ConnectionParameters?
    let repairs: Bool
    let drain: DrainSwitch

    var applicationName: String { "sluice verify \(record.id)" }

    /// A session where rows are read.
    func openSource() async throws(PostgresError) -> PostgresConnection {
        guard let replica else { return try await openPrimary() }
        return try await Connector.session(replica, applicationName: applicationName)
    }

    /// A session on the primary of the timeline that the verification began on, or a newer one:
    /// after a failover the address may still lead to the old one.
    func openPrimary() async throws(PostgresError) -> PostgresConnection {
        let connection = try await Connector.session(primary, applicationName: applicationName)
        let row = try await connection.query(ObserverSQL.role, timeout: .seconds(10)).rows.first
        let timeline = Int((row?[1] ?? nil) ?? "") ?? 0
        if row?[0] == "f", timeline >= job.session.timeline { return connection }
        await connection.close()
        throw PostgresError(
            kind: .connectFailed,
            message: "the server is not the current primary: waiting for that")
    }
}

/// One connection's part in a verification.
struct VerifyWorker: Sendable {
    let context: VerifyContext
    let queue: VerifyQueue
    let gate: VerifyGate

    /// Blocks of the first piece: 512 KiB, a few milliseconds.
    private static let blocksFirst = 64
    /// Most blocks of a piece: 32 MiB, which a slow disk reads in a quarter of a second.
    private static let blocksMax = 4_096
    /// Most blocks of a piece whose wrong rows are put right: what a batch is (some 5,000 rows).
    private static let blocksRepairedMax = 64
    /// A piece should take about so long, in seconds: long enough to be worth a request, short
    /// enough to stop and to hold no snapshot for.
    private static let pieceSeconds = 0.25
    /// Failures in a row after which the verification gives up: with waits that double up to 5 s,
    /// most of a minute, in which a restarted server is back.
    private static let failuresMax = 16
    /// Rows for which the job's expression may fail: each takes some twenty questions to find, and
    /// one that fails for more fails everywhere.
    private static let failingMax = 1_000

    /// Reads pieces until none is left.
    func run() async throws {
        var hands = Hands()
        do {
            try await work(&hands)
            await hands.close()
        } catch {
            await hands.close()
            throw error
        }
    }

    /// The worker's connections.
    private struct Hands: Sendable {
        var reading: PostgresConnection?
        var writing: PostgresConnection?

        mutating func close() async {
            await reading?.close()
            await writing?.close()
            (reading, writing) = (nil, nil)
        }
    }

    private func work(_ hands: inout Hands) async throws {
        var blocks = Self.blocksFirst
        var failures = 0
        while !context.drain.isDraining {
            try Task.checkCancellation()
            await gate.pass(context.drain)
            guard let piece = await queue.take(blocks: blocks) else { return }
            let began = ContinuousClock.now
            do {
                try await read(piece, &hands)
                failures = 0
                let seconds = began.duration(to: .now) / .seconds(1)
                if seconds < Self.pieceSeconds / 2 { blocks *= 2 }
                if seconds > Self.pieceSeconds * 2 { blocks /= 2 }
                blocks = min(
                    max(1, blocks), context.repairs ? Self.blocksRepairedMax : Self.blocksMax)
            } catch let error as PostgresError {
                let elapsed = Int(began.duration(to: .now) / .milliseconds(1))
                failures += 1
                let kind = try await settle(
                    error, elapsedMilliseconds: elapsed, piece, &hands, failures: failures)
                if kind == .shrink { blocks = max(1, blocks / 4) }
                // A search for a failing row is progress, as long as its pieces become smaller.
                if kind == .poison { failures = 0 }
            }
        }
    }

    // MARK: One piece

    private func read(_ piece: VerifyQueue.Piece, _ hands: inout Hands) async throws {
        guard let sql = context.statements[piece.part] else { return }
        let reader = try await reader(&hands)
        var found = try await reader.count(sql, piece.slice)
        guard found.wrong > 0 else { return await queue.note(piece, found, []) }
        var failed: [WrongRow] = []
        if context.repairs {
            let rows = try await reader.wrong(sql, piece.slice, most: .max)
            let outcome = try await repairer(&hands).repair(rows, sql)
            failed = outcome.failed
            // What is left is what counts: the application may have been there meanwhile.
            let failedKeys = Set(failed.map(\.key))
            let left = try await reader.wrong(sql, piece.slice, most: .max)
                .filter { !failedKeys.contains($0.key) }
            found.missed = left.filter { $0.why == .missed }.count
            found.writtenSince = left.count - found.missed
            found.repaired = outcome.changed
            return await queue.note(piece, found, failed + left)
        }
        let wanted = await queue.rowsWanted
        let rows = wanted > 0 ? try await reader.wrong(sql, piece.slice, most: wanted) : []
        await queue.note(piece, found, rows)
    }

    private func reader(_ hands: inout Hands) async throws -> VerifyReader {
        let session =
            if let open = hands.reading { open } else { try await context.openSource() }
        hands.reading = session
        return VerifyReader(
            connection: session, record: context.record,
            settings: context.job.session.settings, limits: context.record.limits)
    }

    private func repairer(_ hands: inout Hands) async throws -> Repairer {
        let session =
            if let open = hands.writing { open } else { try await context.openPrimary() }
        hands.writing = session
        return Repairer(
            connection: session, record: context.record,
            settings: context.job.session.settings)
    }

    // MARK: Failures

    /// Gives the piece back, or stops; what kind of failure it was.
    private func settle(
        _ error: PostgresError, elapsedMilliseconds: Int, _ piece: VerifyQueue.Piece,
        _ hands: inout Hands, failures: Int
    ) async throws -> FailureClass {
        let failure = Failure(error, elapsedMilliseconds: elapsedMilliseconds)
        let kind = FailureClass.of(
            failure,
            statementTimeoutMilliseconds: context.record.limits.statementTimeoutMilliseconds)
        switch kind {
        case .poison:
            if piece.slice.halves != nil {
                await queue.giveBack(piece, halved: true)
            } else {
                try await noteFailing(piece, failure, &hands)
            }
            return kind
        case .stop: throw SluiceError(error, while: "verifying")
        case .reconnect, .resources: await hands.close()
        case .shrink, .retry, .yield, .administrator: break
        }
        await queue.giveBack(piece, halved: kind == .shrink)
        if failures >= Self.failuresMax { throw SluiceError(error, while: "verifying") }
        let wait = Backoff.seconds(kind, attempt: failures, jitter: .random(in: 0..<1))
        try await Task.sleep(for: .seconds(wait))
        return kind
    }

    private func noteFailing(
        _ piece: VerifyQueue.Piece, _ failure: Failure, _ hands: inout Hands
    ) async throws {
        guard let sql = context.statements[piece.part] else { return }
        let rows = try await reader(&hands).failing(
            sql, piece.slice, because: failure.message)
        var counts = VerifyQueue.Counts()
        counts.compared = rows.count
        await queue.note(piece, counts, rows)
        guard await queue.failed > Self.failingMax else { return }
        throw SluiceError(
            .failed,
            "the job's expression fails for more than \(Self.failingMax) rows: "
                + "\(failure.message); what changed since the run (a column's type, a function) "
                + "has to be mended before "
                + "rows can be compared")
    }
}
