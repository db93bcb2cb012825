import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Whoever runs dry takes half of what another worker has ahead.
@Suite(.timeLimit(.minutes(12))) struct SplitTests {
    private static let thief = "22222222-2222-4222-8222-222222222222"

    private static func cutSQL(_ bench: FenceBench) -> CutSQL {
        bench.job.cut(bench.job.parts[0])
    }

    private static func cut(
        _ bench: FenceBench, _ range: HeldRange, at key: String, kept: Int, rest: Int?
    ) -> Statement {
        Statement(
            cutSQL(bench).cut,
            [
                .text("\(bench.run)"), Parameter(range.number), .text(thief), "30", .text(key),
                Parameter(kept), Parameter(rest.map { "\($0)" }),
            ])
    }

    @Test func theMiddleIsFoundByWalkingTheIndexFromTheCursor() async throws {
        try await FenceTests.begun { bench, _, one, _ in
            let sql = Self.cutSQL(bench)
            // Steps of 100 keys, of which a batch in execution takes four.
            let asked: [(cursor: String?, most: Int, least: Int, answer: [String?]?)] = [
                ("{1000}", 9_000, 600, ["3000", "1700", "{2700}"]),
                ("{1050}", 9_000, 600, ["2900", "1700", "{2750}"]),
                (nil, 9_000, 600, ["4000", "2200", "{2200}"]),
                ("{1000}", 500, 100, ["500", "500", "{1500}"]),
                ("{3350}", 9_000, 600, ["600", "500", "{3850}"]),
                ("{3450}", 9_000, 600, nil),
            ]
            for (cursor, most, least, answer) in asked {
                let rows = try await one.query(
                    sql.midpoint(hasCursor: cursor != nil),
                    [
                        Parameter(cursor), "{4000}", Parameter(most), 100, Parameter(least), 4,
                    ]
                ).rows
                #expect(rows.first == answer)
            }
        }
    }

    /// Two texts from the ledger are compared as the key's column compares: under the database's
    /// collation `B` comes before `a`, under this one after it.
    @Test func aCutIsJudgedUnderTheKeysOwnCollation() async throws {
        try await TestDatabase.with { database in
            try await ServerNeed.icu.require(database)
            try await database.execute(
                """
                CREATE TABLE t (id text COLLATE "en-x-icu" PRIMARY KEY, n int NOT NULL DEFAULT 0);
                INSERT INTO t (id) VALUES ('a'), ('B'), ('c'), ('D'), ('e');
                """)
            let connection = database.connection
            let job = try await JobPlanner(connection: connection).plan(increment)
            let sql = job.cut(job.parts[0])
            try await Ledger(connection: connection).open()
            let run = try await Ledger(connection: connection).create(
                name: job.name, job: job, limits: Limits(), replacing: nil)
            try await database.execute(
                """
                UPDATE sluice.run SET state = 'running', started_at = now();
                INSERT INTO sluice.numbering VALUES (\(run.id), 1);
                INSERT INTO sluice.range (run, number, upper, "cursor", state, keys_estimate)
                VALUES (\(run.id), 1, '{e}', '{B}', 'running', 5);
                """)
            func cut(at key: String) async throws -> Int {
                try await connection.query(
                    sql.cut, [.text("\(run.id)"), 1, .text(Self.thief), "30", .text(key), 1, .null]
                ).rows.count
            }
            // `a` lies before the cursor, `c` and `D` after it.
            let (passed, ahead) = (try await cut(at: "{a}"), try await cut(at: "{D}"))
            #expect(passed == 0)
            #expect(ahead == 1)
        }
    }

    @Test func bothHalvesOfACutRangeGoOnAndCoverItTogether() async throws {
        try await FenceTests.begun { bench, range, one, two in
            let row = try await two.query(
                Self.cut(bench, range, at: "{2500}", kept: 1_500, rest: 1_500).sql,
                Self.cut(bench, range, at: "{2500}", kept: 1_500, rest: 1_500).parameters
            ).rows.first
            #expect(try await bench.rangesAreDisjointAndCovering(upTo: "4000"))
            let half = HeldRange(
                number: Int(row?[0] ?? "") ?? 0, epoch: Int(row?[1] ?? "") ?? 0, hasCursor: true,
                batches: 0)
            // The thief's fence is its own: the old owner's does not open the new range.
            let stale = try await one.sendAndReceive(bench.batch(half, keys: 9_000))
            #expect(stale.results[2].rows.isEmpty)
            let rest = try await one.sendAndReceive(bench.batch(range, keys: 9_000))
            #expect(rest.results[2].rows.first?.prefix(3) == ["1500", "1500", "t"])
            let taken = try await two.sendAndReceive(
                bench.batch(half, keys: 9_000, owner: Self.thief))
            #expect(taken.results[2].rows.first?.prefix(3) == ["1500", "1500", "t"])
            #expect(try await bench.database.histogram() == "1:4000")
            #expect(try await bench.database.keysScanned() == 4_000)
        }
    }

    @Test func aCutWaitsForTheBatchAndComesToNothingWhereItHasPassedTheKey() async throws {
        try await FenceTests.begun { bench, range, one, two in
            // A batch up to key 2,500 that has not committed yet.
            try await one.send(Array(bench.batch(range, keys: 1_500).dropLast()))
            _ = try await one.receive()
            try await two.send([Self.cut(bench, range, at: "{2400}", kept: 700, rest: nil)])
            try await bench.waitUntilBlocked(two)
            _ = try await one.query("COMMIT")
            let answer = try await two.receive()
            #expect(answer.error == nil)
            #expect(answer.results.first?.rows.isEmpty == true)
            #expect(try await bench.rangesAreDisjointAndCovering(upTo: "4000"))
            #expect(try await bench.database.number("SELECT count(*) FROM sluice.range") == 1)
        }
    }

    @Test func aRunThatWasCancelledIsNotCut() async throws {
        try await FenceTests.begun { bench, range, one, two in
            _ = try await RunControl(connection: one).cancel("\(bench.run)")
            let cut = Self.cut(bench, range, at: "{2500}", kept: 1_500, rest: nil)
            #expect(try await two.query(cut.sql, cut.parameters).rows.isEmpty)
        }
    }

    /// Nine tenths of the rows in a hundredth of the key space, unknown to the statistics.
    @Test(arguments: [
        ("integer", "CASE WHEN i % 10 = 0 THEN i * 1000 ELSE 7000000 + i END", "id"),
        ("text", "CASE WHEN i % 10 = 0 THEN i::text ELSE 'm' || i END", "id"),
        ("uuid", "md5(i::text)::uuid", "id"),
        ("bigint, tenant int", "i, CASE WHEN i % 10 = 0 THEN i ELSE 4711 END", "tenant, id"),
    ])
    func skewedKeysAreSharedByEveryWorkerAndChangedOnce(
        type: String, values: String, key: String
    ) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id \(type), n integer NOT NULL DEFAULT 0, PRIMARY KEY (\(key)))
                WITH (autovacuum_enabled = false);
                INSERT INTO t SELECT \(values) FROM generate_series(1, 30000) i;
                """)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 4, batch: 100))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:30000")
            #expect(try await database.keysScanned() == 30_000)
            // Elsewhere a sample or arithmetic may cut so well that nobody runs dry early.
            if type == "integer" {
                let splits = try await database.number(
                    "SELECT count(*) FROM sluice.event WHERE kind = 'split'")
                #expect(splits > 0)
            }
        }
    }
}
