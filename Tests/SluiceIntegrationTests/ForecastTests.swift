import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// A forecast is met by the run that follows, and leaves nothing behind.
@Suite(.timeLimit(.minutes(12))) struct ForecastTests {
    private let fill = JobRequest(
        table: "t", assignments: [Assignment(column: "cents", expression: "(n * 100)::bigint")])

    /// A table with two indexes beside its key; nothing but the run writes to it.
    private func makeTable(_ database: TestDatabase, rows: Int) async throws {
        try await database.execute(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL, note text NOT NULL,
            filler text NOT NULL) WITH (autovacuum_enabled = off);
            INSERT INTO t SELECT i, i % 1000, md5(i::text), repeat('x', 40)
            FROM generate_series(1, \(rows)) i;
            CREATE INDEX ON t (note); CREATE INDEX ON t (n);
            ALTER TABLE t ADD COLUMN cents bigint;
            ANALYZE t;
            """)
    }

    private func isNear(_ forecast: Int, _ measured: Int, _ factor: Double) -> Bool {
        Double(forecast) < Double(measured) * factor && Double(measured) < Double(forecast) * factor
    }

    /// Nobody knows how long the values of a new text column are before they are made.
    @Test func lanesAreAsWideAsTheProbeSaysThatRowsGrow() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(
                rows: 20_000, extra: ", filler text NOT NULL DEFAULT repeat('x', 60), long text")
            func leaving(_ value: String) async throws -> String {
                let job = JobRequest(
                    table: "t", assignments: [Assignment(column: "long", expression: value)])
                let plan = try await database.sluice.plan(job)
                return plan.lanes
            }
            let short = try await leaving("'x'")
            let long = try await leaving("repeat('y', 80)")
            #expect(short.contains("one row in 9 "), "\(short)")
            #expect(long.contains("one row in 2 "), "\(long)")
        }
    }

    @Test(arguments: [LaneSetting.off, .fixed(16)])
    func aRunMeetsItsForecast(_ lanes: LaneSetting) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await makeTable(database, rows: 200_000)
            // Pages that were just made are written whole no more: no table of years is so.
            try await database.execute("CHECKPOINT")
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = lanes
            // A forecast is of what comes without a vacuum.
            options.limits.vacuum = .off
            // Slow enough for some looks at the horizon, which is younger then.
            options.limits.maxRowsPerSecond = .some(40_000)
            options.verify = .off
            let planned = try await database.sluice.plan(fill, options: options)
            let plan = try #require(planned.forecast)
            let report = try await database.sluice.run(fill, options: options)
            let outcome = try #require(report.forecast)
            let forecast = outcome.forecast
            // Of the run's own beginning, with what a second sample says.
            #expect(isNear(plan.walBytes.likely, forecast.walBytes.likely, 1.2))
            let wal = try #require(outcome.walBytes)
            #expect(isNear(forecast.walBytes.likely, wal, 1.5), "\(outcome)")
            #expect(isNear(forecast.heapBytes.likely, outcome.heapBytes, 1.5), "\(outcome)")
            #expect(wal < forecast.walBytes.most && outcome.heapBytes < forecast.heapBytes.most)
            #expect(outcome.indexBytes < forecast.indexBytes.most, "\(outcome)")
            #expect(try #require(outcome.seconds) < Double(forecast.seconds.most), "\(outcome)")
            #expect(forecast.bound == "--max-rate" || forecast.bound == "the server's speed")
            #expect(forecast.rows == 200_000 && forecast.probedRows ?? 0 > 500)
        }
    }

    @Test func rowsInPlaceAreCountedAsTheServerCountsThem() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await makeTable(database, rows: 60_000)
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = .fixed(8)
            options.limits.maxRowsPerSecond = .some(30_000)
            let report = try await database.sluice.run(fill, options: options)
            let counted = try await database.number("SELECT sum(rows_hot) FROM sluice.range")
            try await database.execute("SELECT pg_stat_force_next_flush()")
            try await eventually("the statistics have every update") {
                try await database.number(
                    "SELECT n_tup_upd FROM pg_stat_all_tables WHERE relid = 't'::regclass")
                    == 60_000
            }
            #expect(
                try await database.number(
                    "SELECT n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = 't'::regclass")
                    == counted)
            let inLanes = try await database.number(
                "SELECT sum(rows_in_lanes) FROM sluice.range")
            #expect(inLanes > 30_000 && inLanes <= 60_000)
            #expect(report.status.hotShare == Double(counted) / 60_000)
            #expect(report.status.lanesShare == Double(inLanes) / 60_000)
        }
    }

    /// With room in its pages a table needs no lanes, and plain batches count as well.
    @Test func aTableWithRoomIsForecastToStayInPlace() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL, filler text)
                WITH (fillfactor = 40, autovacuum_enabled = off);
                INSERT INTO t SELECT i, i, repeat('x', 90) FROM generate_series(1, 20000) i;
                ALTER TABLE t ADD COLUMN cents bigint;
                ANALYZE t;
                """)
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = .off
            let plan = try await database.sluice.plan(fill, options: options)
            let report = try await database.sluice.run(fill, options: options)
            #expect(try #require(plan.forecast?.hotShare) > 0.95)
            #expect(try #require(report.status.hotShare) > 0.95)
            #expect(report.status.lanesShare == 0)
        }
    }

    @Test func planLeavesNothingBehind() async throws {
        try await TestDatabase.with { database in
            try await makeTable(database, rows: 5_000)
            let objects = """
                SELECT (SELECT count(*) FROM pg_class) || ' ' || (SELECT count(*) FROM pg_type)
                || ' ' || (SELECT count(*) FROM pg_rewrite) || ' '
                || (SELECT count(*) FROM pg_namespace) || ' '
                || (SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass)
                """
            let before = try await database.value(objects)
            let plan = try await database.sluice.plan(fill)
            #expect(plan.forecast?.probedRows ?? 0 > 500)
            #expect(try await database.value(objects) == before)
            #expect(try await database.number("SELECT count(cents) FROM t") == 0)
            #expect(try await database.number("SELECT max(id) FROM t") == 5_000)
        }
    }

    /// Whatever way it is hidden: bare, in a function that lies about itself, in an operator, and
    /// in a view.
    @Test(arguments: [
        ("nextval('s')", "nextval may change something"), ("liar()", "an expression writes"),
        ("1 @+@ 1", "honest may change something"), ("(SELECT v FROM w)", "w may change something"),
        ("writer()", "writer may change something"),
    ])
    func whatMayChangeSomethingIsNotTried(_ expression: String, _ reason: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            try await database.execute(
                """
                CREATE SEQUENCE s; CREATE TABLE log (n int);
                CREATE VIEW w AS SELECT nextval('s')::int AS v;
                CREATE FUNCTION honest(int, int) RETURNS int LANGUAGE sql VOLATILE
                AS $$ SELECT nextval('s')::int $$;
                CREATE OPERATOR @+@ (LEFTARG = int, RIGHTARG = int, FUNCTION = honest);
                CREATE FUNCTION liar() RETURNS int LANGUAGE plpgsql STABLE
                AS $$ BEGIN RETURN nextval('s'); END $$;
                CREATE FUNCTION writer() RETURNS int LANGUAGE sql
                AS $$ INSERT INTO log VALUES (1) RETURNING n $$;
                """)
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: expression)])
            let planned = try await database.sluice.plan(job)
            let forecast = try #require(planned.forecast)
            #expect(forecast.probedRows == nil)
            #expect(forecast.unprobed?.contains(reason) == true, "\(forecast)")
            #expect(forecast.walBytes.likely > 0)
            #expect(try await database.value("SELECT is_called FROM s") == "f")
            #expect(try await database.number("SELECT count(*) FROM log") == 0)
        }
    }

    @Test func aRoleThatMayMakeNoTemporaryTableGetsStatisticsOnly() async throws {
        try await TestDatabase.with { database in
            try await makeTable(database, rows: 5_000)
            let name = try await database.value("SELECT current_database()") ?? ""
            let role = "forecast_\(name)"
            try await database.execute(
                """
                CREATE ROLE "\(role)" LOGIN;
                REVOKE TEMPORARY ON DATABASE "\(name)" FROM PUBLIC;
                GRANT SELECT, UPDATE ON t TO "\(role)";
                """)
            let parameters = try ConnectionParameters(dsn: database.dsn).setting("user", to: role)
            let plan = try await Sluice(parameters).plan(fill)
            #expect(plan.forecast?.probedRows == nil)
            #expect(plan.forecast?.unprobed?.contains("GRANT TEMPORARY") == true)
            #expect(plan.forecast?.walBytes.likely ?? 0 > 500_000)
            try await database.execute("DROP OWNED BY \"\(role)\"; DROP ROLE \"\(role)\"")
        }
    }

    @Test func aRowOfTheSampleThatFailsIsSaidAndNoRefusal() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "1 / n")])
            let plan = try await database.sluice.plan(job)
            #expect(plan.refusals == [])
            #expect(plan.warnings.contains { $0.contains("division by zero") }, "\(plan.warnings)")
            #expect(plan.forecast?.probedRows == nil && plan.forecast?.rows == 1_000)
        }
    }

    @Test func triggersOnDefinitionsDoNotFire() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            try await database.execute(
                """
                CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no definitions today'; END $$;
                CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no();
                """)
            let plan = try await database.sluice.plan(increment)
            #expect(plan.forecast?.unprobed?.contains("event triggers") == true)
            #expect(!plan.warnings.contains { $0.contains("today") })
            try await database.execute("DROP EVENT TRIGGER no")
        }
    }

    /// A slow expression ends with the probe's patience, and a locked table too.
    @Test func aProbeIsNothingToWaitFor() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            try await database.execute(
                """
                CREATE FUNCTION dawdle(int) RETURNS int LANGUAGE plpgsql STABLE AS
                $$ BEGIN PERFORM pg_sleep(0.05); RETURN $1; END $$;
                """)
            let slow = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "dawdle(n)")])
            let plan = try await database.sluice.plan(slow)
            #expect(plan.forecast?.unprobed?.contains("takes more than 1000 ms") == true)
        }
    }

    /// Tables of every make are copied: generated and identity columns, checks, domains, defaults
    /// from sequences, expression and partial indexes, a dropped column, an odd name.
    @Test func tablesOfEveryMakeAreTried() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE DOMAIN percent AS int CHECK (VALUE <= 100);
                CREATE TABLE "O'dd t" (gone int, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                "n N" int NOT NULL, d int GENERATED ALWAYS AS ("n N" * 2) STORED, p percent,
                serial serial, at timestamptz DEFAULT clock_timestamp(), b text,
                CHECK ("n N" >= 0), UNIQUE (serial));
                ALTER TABLE "O'dd t" DROP COLUMN gone;
                INSERT INTO "O'dd t" ("n N", p) SELECT i, i % 100 FROM generate_series(1, 3000) i;
                CREATE INDEX ON "O'dd t" (lower(b)); CREATE INDEX ON "O'dd t" (p) WHERE p > 3;
                ANALYZE "O'dd t";
                """)
            let serial = "SELECT last_value FROM \"O'dd t_serial_seq\""
            let before = try await database.value(serial)
            let job = JobRequest(
                table: "\"O'dd t\"",
                assignments: [
                    Assignment(column: "b", expression: "\"O'dd t\".\"n N\" || now()::text")
                ], predicate: "p < 50")
            let planned = try await database.sluice.plan(job)
            let forecast = try #require(planned.forecast)
            #expect(forecast.probedRows ?? 0 > 1_000, "\(forecast)")
            #expect(abs(forecast.rows - 1_500) < 300)
            #expect(forecast.heapBytes.likely > 50_000 && forecast.hotShare == 0)
            #expect(try await database.value(serial) == before)
        }
    }

    @Test func eachKindIsReckonedByWhatItWrites() async throws {
        try await TestDatabase.with { database in
            try await makeTable(database, rows: 20_000)
            try await database.execute(
                """
                CREATE TABLE u (id bigint PRIMARY KEY, n integer, note text, filler text,
                cents bigint) PARTITION BY RANGE (id);
                CREATE TABLE u1 PARTITION OF u FOR VALUES FROM (MINVALUE) TO (10000);
                CREATE TABLE u2 PARTITION OF u FOR VALUES FROM (10000) TO (MAXVALUE);
                """)
            var copy = JobRequest(table: "t", assignments: [])
            copy.kind = .copy
            copy.target = "u"
            let report = try await database.sluice.run(copy)
            let outcome = try #require(report.forecast)
            #expect(outcome.forecast.probedRows ?? 0 > 500, "\(outcome)")
            #expect(isNear(outcome.forecast.heapBytes.likely, outcome.heapBytes, 1.5), "\(outcome)")
            #expect(
                isNear(outcome.forecast.indexBytes.likely, outcome.indexBytes, 1.8), "\(outcome)")
            var delete = JobRequest(table: "t", assignments: [])
            delete.kind = .delete
            delete.predicate = "id % 4 = 0"
            let planned = try await database.sluice.plan(delete)
            let gone = try #require(planned.forecast)
            #expect(gone.heapBytes.most == 0 && abs(gone.rows - 5_000) < 1_000, "\(gone)")
            #expect(isNear(gone.deadBytes, 5_000 * 120, 1.5), "\(gone)")
            var own = JobRequest(table: "t", assignments: [])
            own.kind = .statement
            own.statement = "UPDATE t SET n = 1 WHERE :range"
            #expect(try await database.sluice.plan(own).forecast == nil)
            #expect(try await database.sluice.run(own).exitCode == 0)
        }
    }

    @Test(arguments: [0, 300])
    func whatWasNeverAnalyzedIsReckonedToo(rows: Int) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0)
                WITH (autovacuum_enabled = off);
                INSERT INTO t (id) SELECT generate_series(1, \(rows));
                """)
            let planned = try await database.sluice.plan(increment)
            let forecast = try #require(planned.forecast)
            #expect((forecast.probedRows == rows) == (rows > 0), "\(forecast)")
            #expect(rows > 0 || forecast.unprobed?.contains("empty") == true)
            #expect(try await database.sluice.run(increment).exitCode == 0)
        }
    }

    /// Values out of line are copied for a few rows only, and counted where they are written.
    @Test func wideRowsAreTriedByTheFew() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, wide text,
                cents bigint, doc text);
                ALTER TABLE t ALTER wide SET STORAGE EXTERNAL, ALTER doc SET STORAGE EXTERNAL;
                INSERT INTO t (id, wide) SELECT i, repeat('y', 100000)
                FROM generate_series(1, 500) i;
                ANALYZE t;
                """)
            let narrow = try #require(try await database.sluice.plan(fill).forecast)
            #expect(narrow.probedRows ?? 0 > 0, "\(narrow)")
            #expect(narrow.heapBytes.likely < 200_000, "\(narrow)")
            let job = JobRequest(
                table: "t",
                assignments: [Assignment(column: "doc", expression: "repeat('z', 20000)")])
            let wide = try #require(try await database.sluice.plan(job).forecast)
            #expect(isNear(wide.heapBytes.likely, 500 * 20_500, 1.3), "\(wide)")
            #expect(isNear(wide.walBytes.likely, 500 * 21_500, 1.5), "\(wide)")
        }
    }
}
