import Logging
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice
@testable import SluiceCore

/// What keeps plain batches, lanes and thieves apart, on sessions driven by hand.
@Suite(.timeLimit(.minutes(12))) struct LaneFenceTests {
    /// A region of two lanes and 2,000 keys, of the 3,000 that are ahead.
    private static func region(
        _ body:
            @escaping @Sendable (FenceBench, HeldRange, PostgresConnection) async throws -> Void
    ) async throws {
        try await FenceTests.begun { bench, range, one, _ in
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [2_000, "{1,2}", 100, 30, 2_000, "false"])
            #expect(
                try await bench.database.value(
                    "SELECT region_upper::text || ' ' || region_lane FROM sluice.range")
                    == "{3000} 0")
            try await body(bench, range, one)
        }
    }

    /// Half of the 3,000 keys that are ahead, but no rest that is smaller than the least.
    @Test(arguments: [
        (8_000, 1_000, 2_500), (8_000, 1_500, 2_500), (1_200, 500, 2_200), (8_000, 1_501, 4_000),
        (8_000, 5_000, 4_000),
    ])
    func aRegionIsHalfOfWhatIsAheadOrAllOfIt(
        _ asked: Int, _ least: Int, _ upper: Int
    )
        async throws
    {
        try await FenceTests.begun { bench, range, one, _ in
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [
                    Parameter(asked), "{1,2}", 100, 30, Parameter(least), "false",
                ])
            let region = try await bench.database.value(
                "SELECT region_upper::text FROM sluice.range")
            #expect(region == "{\(upper)}")
        }
    }

    /// The run's last regions are small, and not each range's: what others have ahead counts, for
    /// each of those who work.
    @Test(arguments: [
        ("pending", 1_000, 4_000), ("running", 1_000, 4_000), ("running", 100, 3_500),
        ("lapsed", 100, 4_000), ("done", 1_000, 2_500),
    ])
    func aRegionGoesByWhatTheRunHasAhead(
        _ state: String, _ least: Int, _ upper: Int
    ) async throws {
        try await FenceTests.begun { bench, range, one, _ in
            // 3,000 keys are ahead here, and 7,000 in the other one: 5,000 or 2,500 for a worker.
            try await bench.database.execute(
                """
                INSERT INTO sluice.range (run, number, part, lower, upper, keys_estimate, state,
                owner, epoch, lease_until)
                SELECT run, number + 1, part, '{9000}', '{16000}', 7000,
                '\(state == "lapsed" ? "running" : state)', owner, 1,
                clock_timestamp() + interval '\(state == "lapsed" ? -1 : 60) s' FROM sluice.range
                """)
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [8_000, "{1,2}", 100, 30, Parameter(least), "false"])
            let region = try await bench.database.value(
                "SELECT region_upper::text FROM sluice.range WHERE number = \(range.number)")
            #expect(region == "{\(upper)}")
        }
    }

    /// Whether a region is a part of what is ahead or all of it.
    @Test(arguments: [1_000, 2_000])
    func keysThatCountByTensAreToldIntoLanesEvenly(_ least: Int) async throws {
        try await FenceTests.begun { bench, range, one, _ in
            try await bench.database.execute("UPDATE t SET id = id * 10 + 100000")
            try await bench.database.execute(
                "UPDATE sluice.range SET cursor = '{110000}', upper = '{140000}'")
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [8_000, "{1,2}", 100, 30, Parameter(least), "false"])
            let divisor = try await bench.database.value("SELECT region_divisor FROM sluice.range")
            #expect(divisor == "10")
        }
    }

    /// Keys 1002 and 1004 as the next ones of the first lane.
    private static func batch(
        _ bench: FenceBench, _ range: HeldRange, lane: Int = 0, cursor: String? = nil
    ) -> Statement {
        let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
        return Statement(
            sql.change,
            bench.fence(range) + [
                Parameter(lane), Parameter(cursor), 0, 2, "false", 30, "on", "{1002,1004}",
            ])
    }

    @Test func aPlainBatchLeavesARegionAlone() async throws {
        try await Self.region { bench, range, one in
            let answer = try await one.sendAndReceive(bench.batch(range, keys: 1_000))
            #expect(answer.error == nil)
            #expect(answer.results[2].rows.isEmpty)
            #expect(try await bench.database.histogram() == "0:3000 1:1000")
        }
    }

    @Test func aLanesBatchIsDoneOnceAndOnlyInItsTurn() async throws {
        try await Self.region { bench, range, one in
            for wrong in [
                Self.batch(bench, range, lane: 1), Self.batch(bench, range, cursor: "{1002}"),
            ] {
                let early = try await one.query(wrong)
                #expect(early.rows.isEmpty)
            }
            let right = Self.batch(bench, range)
            let first = try await one.query(right)
            #expect(first.rows.first?[1] == "2")
            let again = try await one.query(right)
            #expect(again.rows.isEmpty)
            #expect(try await bench.database.histogram() == "0:2998 1:1002")
            #expect(
                try await bench.database.value("SELECT lane_cursor FROM sluice.range") == "{1004}")
        }
    }

    @Test(arguments: [
        "owner = '22222222-2222-4222-8222-222222222222'", "epoch = epoch + 1", "state = 'done'",
        "part = 2",
    ])
    func aLaneWhoseFenceIsLostChangesNothing(theft: String) async throws {
        try await Self.region { bench, range, one in
            try await bench.database.execute("UPDATE sluice.range SET \(theft)")
            let late = try await one.query(Self.batch(bench, range))
            #expect(late.rows.isEmpty)
            #expect(try await bench.database.histogram() == "0:3000 1:1000")
        }
    }

    @Test func aCutFallsBehindTheRegionOnly() async throws {
        try await Self.region { bench, range, one in
            let cut = bench.job.cut(bench.job.parts[0]).cut
            func take(_ key: String) async throws -> Int {
                try await one.query(
                    cut,
                    [
                        .text("\(bench.run)"), Parameter(range.number), .text(bench.owner), 30,
                        .text(key), 500, nil,
                    ]
                ).rows.count
            }
            let within = try await take("{2500}")
            let behind = try await take("{3500}")
            #expect(within == 0 && behind == 1)
            let busiest = try await one.query(RangeSQL.busiest, [.text("\(bench.run)"), 8]).rows
            #expect(busiest.contains { $0[2] == "{3000}" })
        }
    }

    /// A region of whole numbers is told to whoever takes it over by its ends alone, unless its
    /// numbers have many gaps, or they may not be named in runs.
    @Test(
        arguments: [
            (1, true, 2_000), (1, false, nil), (2, true, nil), (10, true, nil),
        ] as [(Int, Bool, Int?)])
    func regionsOfWholeNumbersAreTakenUpByTheirEnds(
        _ step: Int, _ canNameRuns: Bool, _ keys: Int?
    ) async throws {
        try await FenceTests.begun { bench, range, one, _ in
            try await bench.database.execute(
                "UPDATE t SET id = 1000 + (id - 1000) * \(step) + 100000 WHERE id > 1000")
            try await bench.database.execute(
                "UPDATE sluice.range SET cursor = '{101000}', upper = '{\(101000 + 3000 * step)}'")
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            let runs = Parameter.text(canNameRuns ? "true" : "false")
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [2_000, "{3,5,7}", 100, 30, 2_000, runs])
            let state = try await one.query(LaneSQL.state, bench.fence(range) + [runs]).rows[0]
            #expect(state[7] == keys.map { "\($0)" } && state[6] == "{3,5,7}")
            let found = try await one.query(
                sql.keys(hasCursor: true), bench.fence(range) + [runs]
            ).rows[0]
            #expect((found[0] == nil) == (keys != nil))
            guard keys == nil else { return }
            // Each key by the server as by the shape.
            let lanes = TextArray.parse(found[1] ?? "{}").compactMap { Int($0) }
            let ids = TextArray.parse(found[0] ?? "{}").compactMap { Int($0) }
            #expect(ids.count == 2_000)
            for (id, lane) in zip(ids, lanes) {
                let slot = id / step % 7
                #expect(lane == (slot < 3 ? 0 : slot < 5 ? 1 : 2), "\(id)")
            }
        }
    }

    /// A key that was set aside by a commit whose answer was lost is not the next one when its lane
    /// was surveyed anew: nothing is set aside in its place, and no lane moves on.
    @Test(arguments: [true, false])
    func onlyTheNextKeyOfALaneIsSetAside(namesRuns: Bool) async throws {
        try await FenceTests.begun { bench, claimed, _, _ in
            var range = claimed
            range.hasCursor = true
            let parameters = try ConnectionParameters(dsn: bench.database.dsn)
            var job = bench.job
            job.parts[0].laneFacts = LaneFacts()
            job.parts[0].laneFacts?.canNameRuns = namesRuns
            var hands = WorkerHands(
                context: RunContext(
                    run: bench.run, owner: bench.owner, job: job, parameters: parameters,
                    leaseSeconds: 30, logger: Logger(label: "test"),
                    timelines: TimelineRecord(job.session.timeline)))
            let limits = Limits()
            guard case .connected = await hands.perform(.connect, limits: limits),
                case .surveyed(.some(let survey)) = await hands.perform(
                    .survey(
                        range, LaneRule.request(shape: LaneShape(uniform: 2), batchKeys: nil)),
                    limits: limits),
                let batch = LaneRegion(survey).next(keys: 1)
            else {
                Issue.record("no region")
                return
            }
            let state = "SELECT region_lane || coalesce(lane_cursor::text, '') FROM sluice.range"
            let before = try await bench.database.value(state)
            let failure = Failure(origin: .server, sqlState: "23514", message: "no")
            func aside(_ key: String) async -> WorkerEvent {
                await hands.perform(
                    .quarantineLane(range, PoisonKey(columns: [key], failure: failure), batch),
                    limits: limits)
            }
            guard case .quarantined(.moved) = await aside("1000") else {
                Issue.record("another key was set aside")
                return
            }
            let after = try await bench.database.value(state)
            #expect(after == before)
            let none = try await bench.database.number("SELECT count(*) FROM sluice.quarantine")
            #expect(none == 0)
            let first =
                try await bench.database.value(
                    "SELECT min(id) FROM t WHERE id > 1000 AND id % 2 = 0") ?? ""
            guard case .quarantined(.setAside) = await aside(first) else {
                Issue.record("the next key, \(first), was not set aside")
                return
            }
            let one = try await bench.database.value("SELECT key::text FROM sluice.quarantine")
            #expect(one == "{\(first)}")
            await hands.close()
        }
    }

    /// A row that somebody changes while its run waits for it is changed as it is then.
    @Test func runsMeetRowsAsTheyAreByThen() async throws {
        try await Self.region { bench, range, one in
            let other = try await bench.database.connect()
            _ = try await other.execute(script: "BEGIN; UPDATE t SET n = 10 WHERE id = 1003")
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            let batch = Statement(
                sql.changeOfRuns,
                bench.fence(range) + [
                    0, nil, 0, 6, "false", 30, "on", "{1002,1020}", "{1004,1022}",
                ])
            async let answer = one.query(batch)
            try await eventually("the batch waits") {
                try await bench.database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                        + "AND datname = current_database()") == 1
            }
            _ = try await other.execute(script: "COMMIT")
            let row = try await answer.rows.first
            #expect(row?[0] == "6" && row?[1] == "6")
            #expect(try await bench.database.number("SELECT n FROM t WHERE id = 1003") == 11)
            #expect(try await bench.database.histogram() == "0:2994 1:1005 11:1")
            #expect(
                try await bench.database.value("SELECT lane_cursor FROM sluice.range") == "{1022}")
            await other.close()
        }
    }

    /// However many of the first numbers have no row, which a count by the keys alone does not see.
    @Test(arguments: [(100_999, true), (99_990, true), (99_000, false), (-4_000_000_000, false)])
    func aGapBehindTheCursorIsNoPartOfARun(_ cursor: Int, _ namesRuns: Bool) async throws {
        try await FenceTests.begun { bench, range, one, _ in
            try await bench.database.execute(
                """
                DELETE FROM t WHERE id > 1200;
                UPDATE t SET id = id + 100000;
                UPDATE sluice.range SET cursor = '{\(cursor)}', upper = '{101200}';
                """)
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [2_000, "{3,5,7}", 100, 30, 2_000, "true"])
            let keys = try await bench.database.value("SELECT region_keys FROM sluice.range")
            #expect((keys != nil) == namesRuns, "\(keys ?? "")")
        }
    }

    /// Whoever takes a region over finds the same left, whether its keys are asked for or made.
    @Test(
        arguments: [
            (0, nil, nil), (0, 1_500, nil), (1, nil, nil), (1, 2_203, nil), (2, 2_999, nil),
            (0, nil, 1_700), (1, nil, 2_001), (1, 1_777, 2_301), (2, 2_500, 1_250), (2, nil, nil),
        ] as [(Int, Int?, Int?)])
    func runsAndKeysAreOfOneMind(_ lane: Int, _ cursor: Int?, _ mergedFrom: Int?) async throws {
        try await FenceTests.begun { bench, range, one, _ in
            try await bench.database.execute(
                "DELETE FROM t WHERE id % 5 = 3 OR id BETWEEN 2100 AND 2300")
            let sql = LaneSQL(batch: bench.job.batch(bench.job.parts[0]), method: .integer)
            _ = try await one.query(
                sql.begin(firstOfRange: false),
                bench.fence(range) + [2_000, "{3,5,7}", 100, 30, 2_000, "true"])
            func text(_ number: Int?) -> String { number.map { "'{\($0)}'" } ?? "NULL" }
            let isMerged = mergedFrom != nil
            try await bench.database.execute(
                """
                UPDATE sluice.range SET region_lane = \(lane), lane_cursor = \(text(cursor)),
                is_merged = \(isMerged), merged_from = \(text(mergedFrom))
                """)
            let state = try await one.query(LaneSQL.state, bench.fence(range) + ["true"]).rows[0]
            let region = try #require(WorkerHands.region(of: state))
            let request = LaneRequest(shape: region.shape, steps: 2, sliceKeys: 100)
            let runs = LaneRuns(region, request: request)
            var numbers: Set<Int> = []
            for slice in runs.slices.indices {
                let named = runs.runs(
                    LaneBatch(
                        slice: slice, first: 0, keys: runs.slices[slice].keys, endsRegion: false))
                for (low, high) in zip(named.low, named.high) {
                    numbers.formUnion((low...high).map { Int($0) })
                }
            }
            let found = try await one.query(
                sql.keys(hasCursor: true), bench.fence(range) + ["false"]
            ).rows[0]
            let keys = zip(TextArray.parse(found[0] ?? "{}"), TextArray.parse(found[1] ?? "{}"))
            let left = keys.filter { !$0.1.hasPrefix("-") }.compactMap { Int($0.0) }
            let ids = Set(TextArray.parse(found[0] ?? "{}").compactMap { Int($0) })
            #expect(!left.isEmpty && numbers.intersection(ids) == Set(left))
        }
    }

    /// What runs are called may be a column's name, or stand in an expression.
    @Test(arguments: [("n + 1", "", true), ("n + sluice_low", ", sluice_low int DEFAULT 1", false)])
    func runsAreNamedOnlyWhereNothingElseHasTheirNames(
        _ value: String, _ column: String, _ canNameRuns: Bool
    ) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(
                rows: 30_000, extra: column + ", filler text NOT NULL DEFAULT repeat('x', 60)")
            let request = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: value)])
            let job = try await JobPlanner(connection: database.connection).plan(request)
            let examined = try await LanePlanner(connection: database.connection).examined(job)
            #expect(examined.parts[0].laneFacts?.canNameRuns == canNameRuns)
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = .fixed(8)
            let report = try await database.sluice.run(request, options: options)
            #expect(report.status.rowsChanged == 30_000 && report.status.keysScanned == 30_000)
            #expect(try await database.histogram() == "1:30000")
        }
    }

    /// Of a table that is too small for it to matter and of one that was never analysed.
    @Test(arguments: [(100, true), (60_000, true), (60_000, false)])
    func aLaneOfSeveralColumnsIsBoundedByItsKeys(_ rows: Int, _ isAnalyzed: Bool) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (a text, b integer, n integer NOT NULL DEFAULT 0,
                PRIMARY KEY (a, b)) WITH (autovacuum_enabled = off);
                INSERT INTO t SELECT 'tenant ' || i % 3, i FROM generate_series(1, \(rows)) AS i;
                \(isAnalyzed ? "ANALYZE t" : "");
                """)
            let job = try await JobPlanner(connection: database.connection).plan(increment)
            let examined = try await LanePlanner(connection: database.connection).examined(job)
            let facts = try #require(examined.parts[0].laneFacts)
            #expect(facts.planProblem == nil)
            #expect(facts.canBeTold && facts.otherIndexes == 0 && facts.indexesInTheWay.isEmpty)
        }
    }
}
