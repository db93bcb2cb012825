import SluicePostgres
import SluiceSandbox

/// What filling a column costs: one UPDATE, key ranges, and Sluice.
struct WritePathExperiment {
    let kinds: [WritePathTable.Kind]
    let plan: BenchPlan
    let recorder: Recorder

    /// As servers are set up whose log is archived or streamed, with room for what one UPDATE
    /// writes between two checkpoints.
    private static let settings = [
        "wal_level": "replica", "max_wal_size": "4GB", "wal_keep_size": "8GB",
    ]
    static let plainBest = "best plain"

    init(_ kinds: [WritePathTable.Kind], _ plan: BenchPlan, _ recorder: Recorder) {
        self.kinds = kinds
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for kind in kinds {
            let table = WritePathTable(kind: kind, rows: plan.rows)
            let settings =
                table.isUUID
                ? Self.settings.merging(Self.frequentCheckpoints) { $1 } : Self.settings
            // A cluster of its own: copies of large tables need not lie about.
            try await BenchCluster.with(more: settings) { cluster in
                switch kind {
                case .uuid:
                    try await compare(
                        [.single, .sluiceInOrder("auto"), .sluiceInOrder("key")], table, cluster)
                case .snapshot:
                    try await compare(
                        [HeldSnapshot.fromTheStart, .fromTheMiddle].flatMap { snapshot in
                            [true, false].map { .sluiceUnder(snapshot, lanes: $0) }
                        }, table, cluster)
                case .indexes, .wide, .touched: try await measure(table, cluster)
                }
            }
        }
    }

    /// A table of 2 M rows takes some ten checkpoints then.
    private static let frequentCheckpoints = ["max_wal_size": "128MB"]

    /// Some cases side by side.
    private func compare(
        _ cases: [WritePathCase], _ table: WritePathTable, _ cluster: BenchCluster
    ) async throws {
        try await table.prepare(cluster)
        expect(table)
        for round in 1...plan.rounds {
            let start = (round - 1) % cases.count
            for one in cases[start...] + cases[..<start] {
                try add(one.subject, table, round, try await run(one, table, cluster))
            }
        }
    }

    private func measure(_ table: WritePathTable, _ cluster: BenchCluster) async throws {
        try await table.prepare(cluster)
        expect(table)
        // Which fixed setting is the best is asked once, in the first round.
        var best = WritePathCase.grid[0]
        var rate = 0.0
        for one in WritePathCase.grid {
            let metrics = try await run(one, table, cluster)
            try add(one.subject, table, 1, metrics)
            if let found = metrics["rows_per_second"], found > rate { (rate, best) = (found, one) }
        }
        for round in 1...plan.rounds {
            let cases: [(String, WritePathCase)] = [
                (WritePathCase.single.subject, .single), (Self.plainBest, best),
                (WritePathCase.sluice.subject, .sluice),
                (WritePathCase.sluiceWithoutLanes.subject, .sluiceWithoutLanes),
            ]
            let start = (round - 1) % cases.count
            for (subject, one) in cases[start...] + cases[..<start] {
                try add(subject, table, round, try await run(one, table, cluster))
            }
        }
    }

    private func add(
        _ subject: String, _ table: WritePathTable, _ round: Int, _ metrics: [String: Double]
    ) throws {
        try recorder.add(
            Sample(
                experiment: "writepath", setting: table.title, subject: subject, round: round,
                metrics: metrics))
    }

    /// One case on a fresh copy, with what it wrote.
    private func run(
        _ one: WritePathCase, _ table: WritePathTable, _ cluster: BenchCluster
    ) async throws -> [String: Double] {
        try await cluster.withCopy(of: table.template) { database in
            let load = LoadAverage.oneMinute
            let before = try await facts(cluster, database)
            let began = ContinuousClock.now
            try await one.change(
                FreshCopy(server: cluster.server, database: database, rows: table.rows),
                sluicePath: plan.sluicePath)
            let seconds = began.duration(to: .now) / .seconds(1)
            let after = try await facts(cluster, database)
            try await table.verify(cluster, database: database, subject: one.subject)
            let pages = after.pageImages - before.pageImages
            let wal = after.walBytes - before.walBytes
            return [
                "seconds": seconds, "rows_per_second": Double(table.rows) / seconds,
                "wal_megabytes": wal / 1e6,
                // A page's image leaves out what is empty in it, so this is the least it can be.
                "wal_megabytes_without_page_images": max(0, wal - pages * 8_192) / 1e6,
                "page_images": pages,
                "heap_growth_percent": (after.heapBytes / before.heapBytes - 1) * 100,
                "index_growth_percent": (after.indexBytes / before.indexBytes - 1) * 100,
                "hot_percent": (after.hotRows - before.hotRows) / Double(table.rows) * 100,
                "load": load,
            ]
        }
    }

    private struct Facts {
        let walBytes: Double
        let pageImages: Double
        let heapBytes: Double
        let indexBytes: Double
        let hotRows: Double
    }

    private func facts(_ cluster: BenchCluster, _ database: String) async throws -> Facts {
        let connection = try await cluster.connect(database)
        // What other sessions counted arrives with their end, this one's view with a new one.
        let row = try await connection.query(
            """
            SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT wal_fpi FROM pg_stat_wal),
            pg_relation_size('products'), pg_indexes_size('products'),
            (SELECT n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = 'products'::regclass)
            """
        ).rows[0]
        await connection.close()
        let numbers = row.map { $0.flatMap(Double.init) ?? 0 }
        return Facts(
            walBytes: numbers[0], pageImages: numbers[1], heapBytes: numbers[2],
            indexBytes: numbers[3], hotRows: numbers[4])
    }
}
