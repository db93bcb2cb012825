import SluicePostgres

/// One strategy on one copy of a table.
struct Cell: Sendable {
    let strategy: any BatchStrategy
    let table: BenchTable
    /// What the application's 95th percentile was alone before other strategies, in seconds.
    var aloneBefore: [Double] = []

    /// Fills the copy, measures that, and checks every row; the server is looked at through
    /// `outside`, another of its databases.
    func measure(
        _ parameters: ConnectionParameters, outside: ConnectionParameters, beside: Surroundings
    ) async throws -> CellFigures {
        try await parameters.withSession { connection in
            try await outside.withSession { looking in
                try await beside.hold(around: table, in: parameters["dbname"] ?? "") { around in
                    try await measure(parameters, connection, looking, around, beside: beside)
                }
            }
        }
    }

    private func measure(
        _ parameters: ConnectionParameters, _ connection: PostgresConnection,
        _ looking: PostgresConnection, _ around: Surroundings.Present, beside: Surroundings
    ) async throws -> CellFigures {
        // What is read first is in memory, for each strategy alike; and no page has been written
        // since the last checkpoint.
        _ = try await connection.query(table.warmSQL)
        let alone = try await around.application?.p95SecondsAlone(looking)
        try await Self.checkpoint(connection)
        let ceiling = table.conditions.lagSecondsMax ?? LagWatch.ceilingSeconds
        let patience =
            beside.primary == nil ? LagWatch.patienceSeconds : LagWatch.ownPatienceSeconds
        let isLevel = try await LagWatch(looking).catchUp(withinSeconds: patience)
        let lag = LagWatch(looking, ceilingSeconds: ceiling)
        let target = FillTarget(
            parameters: around.route(parameters), job: table.job, batches: BatchLog(),
            limits: table.conditions.limits(
                alone: alone, before: aloneBefore, probe: around.application?.probe()))
        let before = try await ServerCounters.read(table.job.table, connection)
        var (figures, others) = try await around.beside(looking) {
            try await fill(target, beside: lag)
        }
        if around.proxy != nil { figures.clientCPUSeconds = nil }
        let hasCaughtUp = try await lag.catchUp(withinSeconds: patience)
        if await lag.sawReplicas {
            if !isLevel || !hasCaughtUp { figures.isLagUnfinished = true }
            figures.lagSecondsMax = await lag.lagSecondsMax
            figures.secondsAboveLag = await lag.secondsAbove
            figures.lagSeries = await lag.series
        }
        figures.applicationAloneP95Seconds = alone
        figures.applicationP95Seconds = others.latency.map { $0.p95Milliseconds / 1e3 }
        figures.applicationP99Seconds = others.latency.map { $0.p99Milliseconds / 1e3 }
        let after = try await settled(connection, updates: before.updates + Double(table.rowsDue))
        do {
            try await table.check(connection)
        } catch let error as BenchError {
            throw StrategyFailure(description: error.description)
        }
        compare(before, after, others, &figures)
        let batches = target.batches.all.sorted()
        if !batches.isEmpty {
            figures.batchP50Seconds = Percentile.of(batches, 0.5)
            figures.batchP99Seconds = Percentile.of(batches, 0.99)
        }
        figures.batchesSeconds = target.batches.times.batchesSeconds
        figures.waitShare = target.batches.times.waitShare
        return figures
    }

    /// Has the strategy work while the replica is looked at, and measures the client.
    private func fill(_ target: FillTarget, beside lag: LagWatch) async throws -> CellFigures {
        var figures = CellFigures()
        ClientUsage.resetPeak()
        let cpu = ClientUsage.cpuSeconds
        figures.seconds = try await work(target, beside: lag)
        figures.clientCPUSeconds = ClientUsage.cpuSeconds - cpu
        figures.clientPeakBytes = ClientUsage.peakBytes
        return figures
    }

    /// How long the strategy works while the replica is looked at, in seconds.
    private func work(_ target: FillTarget, beside lag: LagWatch) async throws -> Double {
        try await withThrowingTaskGroup(of: Double.self) { group in
            group.addTask {
                let began = ContinuousClock.now
                do {
                    try await strategy.fill(target)
                } catch {
                    try Task.checkCancellation()
                    throw StrategyFailure(description: "\(error)")
                }
                let seconds = began.duration(to: .now) / .seconds(1)
                // Told, not cancelled: the look that is under way shares its connection.
                await lag.stop()
                return seconds
            }
            group.addTask {
                try await lag.watch()
                return 0
            }
            var seconds = 0.0
            for try await part in group { seconds += part }
            return seconds
        }
    }

    private func compare(
        _ before: ServerCounters, _ after: ServerCounters, _ others: Surroundings.Others,
        _ figures: inout CellFigures
    ) {
        let rows = Double(max(1, table.rowsDue))
        let updates = max(0, after.updates - before.updates - Double(others.updates))
        let transactions = after.transactions - before.transactions - Double(others.transactions)
        figures.rowsPerSecond = rows / max(figures.seconds, 1e-9)
        figures.walBytesPerRow = (after.walBytes - before.walBytes) / rows
        figures.fullPageImages = after.fullPageImages - before.fullPageImages
        figures.heapGrowth = after.heapBytes / max(1, before.heapBytes) - 1
        // A table may have no index at all.
        figures.indexGrowth = max(1, after.indexBytes) / max(1, before.indexBytes) - 1
        figures.hotShare =
            (after.hotUpdates - before.hotUpdates) / max(1, after.updates - before.updates)
        figures.updatesPerRow = updates / rows
        figures.transactionsPerRow = max(0, transactions) / rows
    }

    /// A checkpoint, where the role may make one.
    private static func checkpoint(_ connection: PostgresConnection) async throws {
        do {
            _ = try await connection.query("CHECKPOINT")
        } catch {
            guard error.sqlState == .insufficientPrivilege else { throw error }
        }
    }

    /// The counters once the sessions that ended have handed in theirs: most a second later.
    private func settled(
        _ connection: PostgresConnection, updates: Double
    ) async throws -> ServerCounters {
        let deadline = ContinuousClock.now.advanced(by: .seconds(2))
        while true {
            let now = try await ServerCounters.read(table.job.table, connection)
            if now.updates >= updates || ContinuousClock.now >= deadline { return now }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
