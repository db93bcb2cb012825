import SluicePostgres
import Testing

@testable import SluiceBench

@Suite struct OwnTableTests {
    private static let list = """
        ;
        ; Archive created at 2026-01-01 00:00:00 UTC
        ;     dbname: shop
        ;
        6; 2615 16400 SCHEMA - Sales postgres
        2210; 1417 16401 SERVER - other postgres
        2212; 1259 16405 FOREIGN TABLE public far postgres
        217; 1259 16418 TABLE public SERVERS postgres
        3220; 2606 16430 FK CONSTRAINT public orders orders_customer_fkey postgres
        3221; 2606 16431 CONSTRAINT public orders orders_pkey postgres
        3300; 2620 16440 TRIGGER public orders note postgres
        3301; 3466 16441 EVENT TRIGGER - watch postgres
        """

    @Test func whatReachesOtherServersOrOtherRowsIsLeftOut() {
        let kept = SchemaCopy.kept(Self.list, keepsTriggers: true)
        for name in ["Sales", "SERVERS", "orders_pkey", "TRIGGER public orders note", "dbname"] {
            #expect(kept.contains(name), "\(name)")
        }
        for name in ["other", "far", "orders_customer_fkey", "watch"] {
            #expect(!kept.contains(name), "\(name)")
        }
        #expect(!SchemaCopy.kept(Self.list, keepsTriggers: false).contains("orders note"))
    }

    @Test func secretsGoThroughTheEnvironment() throws {
        let parameters = try ConnectionParameters(
            dsn: "postgresql://me:secret@db.example:5433/shop?sslmode=require")
        #expect(
            SchemaCopy.environment(parameters) == [
                "PGAPPNAME": "sluice bench", "PGHOST": "db.example", "PGPORT": "5433",
                "PGUSER": "me", "PGPASSWORD": "secret", "PGDATABASE": "shop",
                "PGSSLMODE": "require",
            ])
    }

    @Test func aSampleIsOfPagesAllOverTheTable() {
        let some = SampleCopy(
            table: "shop.orders", columns: ["id", "\"Or der\""], rowsTotal: 1_000_000,
            rowsWanted: 10_000, bytes: 100_000_000)
        #expect(
            some.selection == """
                SELECT (s.*)::text FROM (SELECT id, "Or der"
                FROM ONLY shop.orders TABLESAMPLE SYSTEM (1.0) REPEATABLE (1)) AS s
                """)
        let whole = SampleCopy(
            table: "shop.orders", columns: ["id"], rowsTotal: 1_000_000, rowsWanted: 10_000,
            bytes: 100_000_000, isPartitioned: true)
        #expect(whole.selection.contains("FROM shop.orders TABLESAMPLE"))
        #expect(some.chunk == 2_000)
        // A table nobody counted, or a small one, is read from its beginning.
        for total in [0, 10_000] {
            let all = SampleCopy(
                table: "t", columns: ["id"], rowsTotal: total, rowsWanted: 10_000, bytes: 0)
            #expect(!all.selection.contains("TABLESAMPLE"), "\(total)")
        }
    }

    @Test func aChunkOfWideRowsIsOfFew() {
        for (rowBytes, rows) in [(100, 2_000), (8 << 10, 1_024), (1 << 20, 8), (1 << 30, 1)] {
            let sample = SampleCopy(
                table: "t", columns: ["id"], rowsTotal: 100, rowsWanted: 10,
                bytes: 100 * rowBytes)
            #expect(sample.chunk == rows, "\(rowBytes)")
        }
    }

    /// Chance gives a sample some more rows than were asked for, but not many times as many.
    @Test func aSampleOfATableThatIsNotWhatItsStatisticsSayHasAnEnd() {
        func most(total: Int, wanted: Int) -> Int {
            SampleCopy(
                table: "t", columns: ["id"], rowsTotal: total, rowsWanted: wanted, bytes: 0
            ).rowsMost
        }
        #expect(most(total: 1_000_000, wanted: 200_000) == 410_000)
        #expect(most(total: 5, wanted: 200_000) == 410_000)
        #expect(most(total: 5, wanted: .max) > 1 << 60)
        // What was never counted is small, or refused.
        #expect(most(total: 0, wanted: 10) == .max)
    }

    @Test func timeoutsAreOffWhateverElseIsSet() throws {
        let plain = OwnTableBench.patient(
            try ConnectionParameters(dsn: "dbname=shop"), serverVersion: 160_000)
        #expect(plain["options"]?.hasPrefix("-c statement_timeout=0 -c lock_timeout=0") == true)
        // Older servers do not know it, and refuse the session.
        #expect(plain["options"]?.contains("transaction_timeout") == false)
        let set = OwnTableBench.patient(
            try ConnectionParameters(dsn: "dbname=shop options='-c work_mem=1MB'"),
            serverVersion: 170_000)
        #expect(set["options"]?.hasSuffix("-c transaction_timeout=0") == true)
        #expect(set["options"]?.hasPrefix("-c work_mem=1MB -c statement_timeout=0") == true)
    }

    @Test func thePlanTellsWhichTablesAreRead() throws {
        let plan = #"""
            [{"Plan": {"Node Type": "ModifyTable", "Relation Name": "t", "Schema": "s",
            "Plans": [{"Node Type": "Seq Scan", "Relation Name": "o\"p", "Schema": "s"},
            {"Node Type": "Result", "Plans": []}]}}]
            """#
        #expect(
            Set(try OwnTableBench.relations(in: plan)) == ["\"s\".\"t\"", "\"s\".\"o\"\"p\""])
    }

    @Test func theOrderOfAKeyIsTheTables() {
        let job = FillJob(
            table: "t", key: ["a", "\"B\""].map { FillJob.KeyColumn(name: $0, type: "bigint") },
            column: "c", expression: "1")
        // Under the column's name ORDER BY would mean the text.
        #expect(job.keyTexts == "a::text AS bench_text_0, \"B\"::text AS bench_text_1")
    }

    @Test func onlyClientsSessionsAreEnded() {
        // A plain role may end no autovacuum, which CREATE DATABASE ends itself.
        #expect(BenchDatabases.ending.contains("backend_type = 'client backend'"))
    }

    @Test(arguments: [140_000, 150_000, 170_000])
    func aTablespaceIsNamedOnlyWhereThatIsAllowedAndNeeded(_ version: Int) {
        let sql = OwnTableSQL.databaseOptions(serverVersion: version)
        #expect(
            sql.contains(
                """
                CASE WHEN t.oid <> o.oid AND has_tablespace_privilege(t.oid, 'CREATE')
                THEN ' TABLESPACE ' || quote_ident(t.spcname) ELSE '' END
                """))
    }

    @Test func textsSurviveAsAnArray() {
        #expect(SampleCopy.array([]) == "{}")
        #expect(
            SampleCopy.array(["(1,\"a\"\"b\")", "\\", "{}"])
                == #"{"(1,\"a\"\"b\")","\\","{}"}"#)
    }

    @Test func whatIsLeftIsWhatDiffersAmongWhatIsMeant() {
        let job = FillJob(
            table: "t", key: [FillJob.KeyColumn(name: "id", type: "bigint")], column: "c",
            expression: "a / b", predicate: "b <> 0 OR a IS NULL",
            unfilled: "c IS DISTINCT FROM (a / b)::bigint")
        #expect(job.remaining.hasPrefix("(b <> 0 OR a IS NULL) AND c IS DISTINCT"))
        #expect(PageRanges().obstacle(to: job) == nil)
        let parts = FillJob(
            table: "t", key: [], column: "c", expression: "1", isPartitioned: true)
        #expect(PageRanges().obstacle(to: parts) != nil)
        #expect(parts.remaining == "c IS NULL")
    }
}
