import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// One run over the tables that hold a partitioned or an inherited table's rows.
@Suite(.timeLimit(.minutes(12))) struct PartitionTests {
    /// Ways to partition `t`, with 3,000 rows in it.
    static let schemes: [String] = [
        """
        CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0)
        PARTITION BY RANGE (id);
        CREATE TABLE t_a PARTITION OF t FOR VALUES FROM (MINVALUE) TO (1000);
        CREATE TABLE t_b (n integer NOT NULL DEFAULT 0, gone text, id bigint NOT NULL);
        ALTER TABLE t_b DROP COLUMN gone;
        ALTER TABLE t ATTACH PARTITION t_b FOR VALUES FROM (1000) TO (2000);
        CREATE TABLE t_rest PARTITION OF t DEFAULT;
        """,
        """
        CREATE TABLE t (id bigint, kind text, n integer NOT NULL DEFAULT 0,
        PRIMARY KEY (kind, id)) PARTITION BY LIST (kind);
        CREATE TABLE "t 0" PARTITION OF t FOR VALUES IN ('0') PARTITION BY HASH (id);
        CREATE TABLE t00 PARTITION OF "t 0" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE t01 PARTITION OF "t 0" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('1', '2');
        CREATE TABLE t_empty PARTITION OF t FOR VALUES IN ('3');
        """,
        """
        CREATE TABLE t (id uuid, n integer NOT NULL DEFAULT 0) PARTITION BY HASH (id);
        CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        ALTER TABLE t ADD PRIMARY KEY (id);
        """,
    ]

    private static func fill(_ index: Int) -> String {
        let values = ["i", "i, (i % 3)::text", "md5(i::text)::uuid"][index]
        return "INSERT INTO t SELECT \(values) FROM generate_series(1, 3000) i;"
    }

    @Test(arguments: schemes.indices, [false, true])
    func everyRowOfEveryPartitionIsChangedOnce(scheme: Int, analyzed: Bool) async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.schemes[scheme] + Self.fill(scheme))
            if analyzed { try await database.execute("ANALYZE") }
            // The expression names the table that was asked for, in each partition.
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "t.n + 1")],
                predicate: "t.n >= 0")
            try await database.slowPartitions()
            let drain = DrainSwitch()
            async let report = database.sluice.run(
                job, options: .with(workers: 3, batch: 50), drain: drain)
            try await database.waitForProgress(keys: 200)
            drain.drain()
            #expect(try await report.exitCode == 3)
            try await database.speedUp()
            let resumed = try await database.sluice.run(
                job, options: .with(workers: 3, batch: 50))
            #expect(resumed.exitCode == 0)
            #expect(try await database.histogram() == "1:3000")
            #expect(try await database.keysScanned() == 3_000)
            #expect(resumed.status.keysTotalEstimate == 3_000)
            #expect(
                try await database.number(
                    "SELECT count(*) FROM sluice.part WHERE table_oid = 't'::regclass") == 0)
        }
    }

    @Test func childrenAreLeftAloneUnlessAskedFor() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 300)
            try await database.execute(
                """
                CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (t);
                INSERT INTO child (id) SELECT generate_series(1, 200);
                """)
            var job = increment
            let alone = try await database.sluice.run(job)
            #expect(alone.exitCode == 0)
            #expect(try await database.histogram() == "0:200 1:300")
            job.includesChildren = true
            job.name = "with children"
            let all = try await database.sluice.run(job, options: .with(workers: 2, batch: 30))
            #expect(all.exitCode == 0)
            #expect(try await database.histogram() == "1:200 2:300")
        }
    }

    @Test func aChildWithoutTheKeysIndexIsRefused() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3)
            try await database.execute("CREATE TABLE child () INHERITS (t)")
            var job = increment
            job.includesChildren = true
            let error = await #expect(throws: SluiceError.self) {
                try await database.sluice.run(job)
            }
            #expect(error?.kind == .refused)
            #expect(error?.message.contains("child") == true)
        }
    }

    @Test func aColumnThatDecidesThePartitionIsRefused() async throws {
        let partitionings = [
            "PARTITION BY LIST (n)", "PARTITION BY LIST ((n % 2))",
            "PARTITION BY RANGE (abs(n), id)",
        ]
        for partitioning in partitionings {
            try await TestDatabase.with { database in
                try await database.execute(
                    """
                    CREATE TABLE t (id bigint NOT NULL, n integer) \(partitioning);
                    CREATE TABLE rest PARTITION OF t DEFAULT;
                    CREATE UNIQUE INDEX ON rest (id);
                    """)
                let error = await #expect(throws: SluiceError.self) {
                    try await database.sluice.run(increment)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains("n decides in which partition") == true)
            }
        }
    }

    @Test func aForeignPartitionIsRefused() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE FOREIGN DATA WRAPPER far;
                CREATE SERVER elsewhere FOREIGN DATA WRAPPER far;
                CREATE TABLE t (id bigint NOT NULL, n integer) PARTITION BY RANGE (id);
                CREATE TABLE here PARTITION OF t FOR VALUES FROM (0) TO (10);
                CREATE UNIQUE INDEX ON here (id);
                CREATE FOREIGN TABLE there PARTITION OF t FOR VALUES FROM (10) TO (20)
                SERVER elsewhere;
                """)
            let error = await #expect(throws: SluiceError.self) {
                try await database.sluice.run(increment)
            }
            #expect(error?.kind == .refused)
            #expect(error?.message.contains("public.there") == true)
        }
    }

    @Test func partitionsThatComeAndGoAreReportedAndNeverMissedSilently() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.schemes[0] + Self.fill(0))
            try await database.slowPartitions()
            let drain = DrainSwitch()
            let job = increment
            async let report = database.sluice.run(
                job, options: .with(workers: 1, batch: 10), drain: drain)
            do {
                try await database.waitForProgress(keys: 30)
                try await database.execute(
                    """
                    CREATE TABLE t_new (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                    INSERT INTO t_new VALUES (100000, 0);
                    ALTER TABLE t DETACH PARTITION t_b;
                    DROP TABLE t_rest;
                    ALTER TABLE t ATTACH PARTITION t_new FOR VALUES FROM (100000) TO (200000);
                    """)
                try await database.speedUp()
            } catch {
                drain.drain()
                _ = try await report
                throw error
            }
            let ended = try await report
            #expect(ended.exitCode == 0, "\(ended.message)")
            #expect(ended.message.contains("not visited: t_new"))
            #expect(ended.message.contains("changed all the same: public.t_b"))
            #expect(ended.message.contains("dropped during the run: public.t_rest"))
            #expect(try await database.histogram() == "0:1 1:999")
            #expect(
                try await database.number("SELECT count(*) FROM t_b WHERE n = 1") == 1_000)
            #expect(
                try await database.number(
                    "SELECT count(*) FROM sluice.range WHERE state <> 'done'") == 0)
        }
    }

    /// A range that was cut off or renewed while the ranges of a dropped table were being ended.
    @Test func aRangeThatOutlivesItsTableIsEndedAtTheNextLook() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.schemes[0] + Self.fill(0))
            try await database.slowPartitions()
            let drain = DrainSwitch()
            async let report = database.sluice.run(
                increment, options: .with(workers: 1, batch: 10), drain: drain)
            try await database.waitForProgress(keys: 30)
            drain.drain()
            _ = try await report
            try await database.execute(
                """
                DROP TABLE t_rest;
                UPDATE sluice.part SET gone_at = now() WHERE table_name LIKE '%t_rest';
                """)
            try await database.speedUp()
            let resumed = try await database.sluice.resume("1")
            #expect(resumed.exitCode == 0, "\(resumed.message)")
            #expect(try await database.histogram() == "1:1999")
        }
    }

    @Test func whoWritesToAPartitionAtTheStartIsWaitedFor() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.schemes[0] + Self.fill(0))
            let writer = try await database.connect("the writer")
            _ = try await writer.execute(script: "BEGIN; INSERT INTO t_a VALUES (-7, 0)")
            async let report = database.sluice.run(increment)
            try await eventually("the run waits") {
                guard try await database.value("SELECT to_regclass('sluice.run')") != nil else {
                    return false
                }
                return try await database.value("SELECT state FROM sluice.run") == "planned"
            }
            _ = try await writer.query("COMMIT")
            #expect(try await report.exitCode == 0)
            #expect(try await database.histogram() == "1:3001")
            await writer.close()
        }
    }

    @Test func aPartitionedTableWithoutPartitionsIsDoneAtOnce() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);
                """)
            let report = try await database.sluice.run(increment)
            #expect(report.exitCode == 0)
            #expect(try await database.sluice.plan(increment).parts.isEmpty)
        }
    }
}

extension TestDatabase {
    /// Makes each batch on a partition of `t` take a while.
    fileprivate func slowPartitions() async throws {
        let names = try await connection.query(
            """
            SELECT c.oid::regclass::text FROM pg_partition_tree('t') p
            JOIN pg_class c ON c.oid = p.relid WHERE p.isleaf
            """
        ).rows.compactMap { $0[0] }
        var script = """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END $$;
            """
        for name in names {
            script += """
                CREATE TRIGGER slow BEFORE UPDATE ON \(name) FOR EACH STATEMENT
                EXECUTE FUNCTION slow();
                """
        }
        try await execute(script)
    }
}
