import SluiceCore
import SluicePostgres

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Compares a finished run with its table, and puts wrong rows right where that is asked for.
struct Verifier: Sendable {
    let parameters: ConnectionParameters
    let options: VerifyOptions
    let drain: DrainSwitch
    let report: @Sendable (RunEvent) -> Void

    /// Verifies a run, by its number or its job's name.
    func verify(_ run: String, on connection: PostgresConnection) async throws -> VerifyReport {
        let ledger = Ledger(connection: connection)
        try await ledger.upgrade()
        let record = try await ledger.existing(run)
        guard record.state == .completed else {
            throw SluiceError(
                .refused,
                "run \(record.id) (\(record.name)) is \(record.state.rawValue): there is nothing "
                    + "to verify before it is completed; `sluice resume \(record.id)` carries it on"
            )
        }
        return try await verify(record, on: connection)
    }

    /// Verifies a run that is completed.
    func verify(
        _ record: RunRecord, on connection: PostgresConnection
    ) async throws -> VerifyReport {
        let began = ContinuousClock.now
        let job = try await JobPlanner(connection: connection).plan(record)
        let comparability = Comparability(connection: connection, job: job, record: record)
        if options.repairs { try await refuseRepair(job, comparability) }
        let comparison = try await comparability.comparison()
        var found = VerifyReport(run: record.id, job: record.name, compared: comparison.word)
        found.ledgerProblem = try await ledgerProblem(record, connection)
        found.keysScanned = try await StatusReader(connection: connection)
            .read(id: record.id).keysScanned
        if case .ledgerOnly(let reason) = comparison {
            found.reason = reason.words
        } else {
            try await compare(&found, record, job, comparability, comparison)
        }
        found.seconds = began.duration(to: .now) / .seconds(1)
        try await store(found, connection)
        return found
    }

    // MARK: Steps

    private func refuseRepair(_ job: PlannedJob, _ asked: Comparability) async throws {
        if job.identity.kind == .statement {
            throw SluiceError(
                .refused, "a job with a statement of its own cannot be repaired row by row")
        }
        guard try await asked.readsAssigned() else { return }
        throw SluiceError(
            .refused,
            "the job reads a column that it assigns: repairing a row would change it a second time "
                + "if the run has changed it already")
    }

    /// What is wrong with the ledger's ranges; tables without rows have none.
    private func ledgerProblem(
        _ record: RunRecord, _ connection: PostgresConnection
    ) async throws -> String? {
        let rows = try await connection.query(VerifySQL.links, [.text("\(record.id)")]).rows
        return LedgerProof.problem(
            rows.map { row in
                LedgerProof.Link(
                    part: Int(row[0] ?? "") ?? 0, lower: row[1].map(TextArray.parse),
                    upper: TextArray.parse(row[2] ?? "{}"), isDone: row[3] == "t")
            }, isBounded: record.identity.kind == .statement)
    }

    private func compare(
        _ found: inout VerifyReport, _ record: RunRecord, _ job: PlannedJob,
        _ comparability: Comparability, _ comparison: Comparison
    ) async throws {
        let connection = comparability.connection
        if let replica = options.replica {
            try await VerifyReplica(parameters: replica, primary: connection).await(record)
        }
        let before = try await heaps(job, connection)
        var pieces: [VerifyQueue.Piece] = []
        var statements: [Int: CompareSQL] = [:]
        // A sample of its own each time: what one misses, the next may find.
        var generator = SystemRandomNumberGenerator()
        for part in job.parts {
            statements[part.number] = try await comparability.statements(part, comparison)
            let blocks = before[part.number]?.blocks ?? 0
            let slices = options.scope.slices(
                ofBlocks: blocks, isSparse: part.driver != nil, using: &generator)
            if slices.map(\.blockCount).reduce(0, +) < blocks { found.isFull = false }
            pieces += slices.map { VerifyQueue.Piece(part: part.number, slice: $0) }
        }
        let queue = VerifyQueue(pieces: pieces)
        let context = VerifyContext(
            record: record, job: job, statements: statements, primary: parameters,
            replica: options.replica, repairs: options.repairs, drain: drain)
        try await read(context, queue)
        await queue.fill(&found)
        found.isComplete = await queue.isEmpty
        let after = try await heaps(job, connection)
        for part in job.parts where before[part.number]?.file != after[part.number]?.file {
            throw SluiceError(
                .failed,
                "\(part.name.shown) was rewritten (VACUUM FULL, CLUSTER, ALTER TABLE) while it was "
                    + "read, so rows may have been passed over: `sluice verify \(record.id)` again")
        }
    }

    /// Reads everything in the queue over several connections, under the gate.
    private func read(_ context: VerifyContext, _ queue: VerifyQueue) async throws {
        let limits = context.record.limits
        let gate = VerifyGate(
            maxLagSeconds: options.maxLagSeconds ?? limits.maxLagSeconds)
        let report = report
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await gate.watch { () throws(PostgresError) in
                    try await context.openPrimary()
                } _: {
                    report(.verifying(await queue.progress(waitingFor: gate.waitingFor)))
                }
                return false
            }
            for _ in 0..<max(1, options.workers ?? limits.workers.upperBound) {
                group.addTask {
                    try await VerifyWorker(context: context, queue: queue, gate: gate).run()
                    return true
                }
            }
            var working = max(1, options.workers ?? limits.workers.upperBound)
            while let isWorker = try await group.next() {
                working -= isWorker ? 1 : 0
                if working == 0 { group.cancelAll() }
            }
        }
        report(.verifying(await queue.progress(waitingFor: nil)))
    }

    /// A table's file and its blocks.
    private struct Heap {
        let file: String
        let blocks: Int
    }

    private func heaps(
        _ job: PlannedJob, _ connection: PostgresConnection
    ) async throws -> [Int: Heap] {
        var heaps: [Int: Heap] = [:]
        for part in job.parts {
            let row = try await connection.query(
                VerifySQL.heap, [.text("\(part.oid)"), .text(part.name.quoted)]
            ).rows.first
            guard let row, let file = row[0], row[2] == "t" else {
                throw SluiceError(
                    .refused,
                    "\(part.name.shown) is not the table of this run any more: it was renamed, "
                        + "dropped or replaced")
            }
            heaps[part.number] = Heap(file: file, blocks: row[1].flatMap { Int($0) } ?? 0)
        }
        return heaps
    }

    private func store(_ found: VerifyReport, _ connection: PostgresConnection) async throws {
        var summary = found
        // The ledger keeps counts: keys of rows are found again by verifying again.
        summary.rows = []
        let json = String(decoding: try JSONEncoder().encode(summary), as: UTF8.self)
        let isProof = found.isFull && found.isComplete
        _ = try await connection.transact(
            VerifySQL.store,
            [
                .text("\(found.run)"), .text(json), .text("\(found.rowsMissed)"),
                .text(isProof ? "true" : "false"),
            ])
        let ledger = Ledger(connection: connection)
        try await ledger.record(
            found.run, owner: nil, found.rowsRepaired > 0 ? "repaired" : "verified", json)
    }
}

extension Comparison {
    /// The word for it in reports.
    var word: String {
        switch self {
        case .values: "values"
        case .remaining: "remaining"
        case .untouched: "untouched"
        case .arrival: "arrival"
        case .ledgerOnly: "ledger"
        }
    }
}
