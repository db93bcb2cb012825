import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// The statements of a probe: only a temporary table is written, and nothing before it is known
/// what the expressions do.
@Suite struct ForecastSQLTests {
    private func sql(_ kind: JobKind, target: CopyTarget? = nil) -> ProbeSQL {
        let id = KeyColumn(name: "id", castType: "pg_catalog.int8", arithmetic: .integer)
        let columns = ["id", "n", "g"].enumerated().map { number, name in
            ColumnFacts(
                name: name, isGenerated: name == "g", isIdentityAlways: name == "id",
                key: KeyColumn(name: name, castType: "pg_catalog.int8"), number: number + 1)
        }
        let name = QualifiedName(schema: "public", name: "t")
        let identity = JobIdentity(
            kind: kind, tableOID: 16400,
            assignments: kind == .delete
                ? [] : [Assignment(column: "n", expression: "n + 1 -- more")],
            predicate: "n < 1 -- so", key: ["id"])
        let table = TableFacts(
            oid: 16400, name: name, updateTriggers: nil, hasChildren: false, isPartitioned: false,
            columns: columns)
        let session = SessionFacts(
            isInRecovery: false, timeline: 1, durableCommit: "on", isPooled: false, user: "u",
            database: "d", settings: [], serverVersion: 150_000)
        let part = PlannedPart(
            row: ["16400", "public", "t", "r", "2:n", "f", "t", "9"], number: 1)
        return ProbeSQL(
            job: PlannedJob(
                name: "j", table: table, identity: identity, key: [id], session: session,
                parts: [part], target: target),
            part: part, blocks: [0..<1, 7..<8], rowsMost: 50)
    }

    /// A client that is slow between two statements does not lose its session, and its run.
    @Test func aProbeIsImpatientWithinItsStatementsOnly() {
        let limits = Limits(lockTimeoutMilliseconds: 100, statementTimeoutMilliseconds: 150)
        let settings = ForecastProbe.patient(
            BatchSettingsSQL.batch([], limits: limits, serverVersion: 170_000))
        func milliseconds(_ name: String) -> String? {
            settings.last { $0.name == name }?.value
        }
        #expect(milliseconds("statement_timeout") == "150")
        #expect(milliseconds("lock_timeout") == "100")
        #expect(milliseconds("idle_in_transaction_session_timeout") == "60000")
        #expect(milliseconds("transaction_timeout") == "60000")
    }

    @Test func expressionsAreLookedAtBeforeTheyAreTried() {
        #expect(
            sql(.update).view == """
                CREATE TEMPORARY VIEW sluice_probe_view AS SELECT (
                n + 1 -- more
                ) IS NULL AS sluice_1,
                (
                n < 1 -- so
                ) IS NULL AS sluice_2
                FROM ONLY "public"."t"
                """)
        #expect(ProbeSQL.readOnly == "SET TRANSACTION READ ONLY")
    }

    @Test func theCopyHasIndexesButNeitherDefaultsNorChecks() {
        #expect(
            sql(.update).table == """
                CREATE TEMPORARY TABLE pg_temp."t" (LIKE "public"."t" INCLUDING ALL \
                EXCLUDING CONSTRAINTS
                EXCLUDING DEFAULTS EXCLUDING IDENTITY EXCLUDING COMMENTS EXCLUDING STATISTICS)
                ON COMMIT DROP
                """)
    }

    @Test func pagesAreReadByTheirNumberAndColumnsNamed() {
        #expect(
            sql(.update).fill == """
                INSERT INTO pg_temp."t" ("id", "n") SELECT "id", "n" FROM (\
                SELECT "id", "n", "g" FROM ONLY "public"."t"
                WHERE ctid >= '(0,0)'::tid AND ctid < '(1,0)'::tid
                UNION ALL SELECT "id", "n", "g" FROM ONLY "public"."t"
                WHERE ctid >= '(7,0)'::tid AND ctid < '(8,0)'::tid) AS s
                LIMIT 50
                """)
        #expect(
            sql(.update).change == """
                UPDATE pg_temp."t" AS "t" SET "n" = (
                n + 1 -- more
                )
                WHERE (
                n < 1 -- so
                )
                """)
    }

    @Test func aCopyIsTriedOnTheTargetsColumns() {
        let target = CopyTarget(
            oid: 16500, name: QualifiedName(schema: "old", name: "u"), conflictKey: [],
            overridesIdentity: true, columns: ["n"], columnMark: "1:n")
        let copy = sql(.copy, target: target)
        #expect(copy.table.contains("pg_temp.\"u\" (LIKE \"old\".\"u\" INCLUDING ALL"))
        #expect(
            copy.fill.hasPrefix("INSERT INTO pg_temp.\"u\" (\"n\")\nSELECT (\nn + 1 -- more\n)"))
        #expect(copy.fill.hasSuffix("LIMIT 50) AS \"t\" WHERE (\nn < 1 -- so\n)"))
    }

    @Test func aFewPagesSpreadOverTheTableAreRead() {
        #expect(ForecastProbe.blocks(1) == [0..<1])
        #expect(ForecastProbe.blocks(32) == [0..<32])
        let blocks = ForecastProbe.blocks(4_000_000_000)
        #expect(blocks.count == 32 && blocks[0] == 0..<1)
        #expect(blocks[31] == 3_875_000_000..<3_875_000_001)
        #expect(Set(ForecastProbe.blocks(33)).count == 32)
    }

    @Test(arguments: [
        ("57014", "a probe takes more than 150 ms"), ("55P03", "the table is locked"),
        ("25006", "an expression writes, which a probe does not let it"),
    ])
    func anErrorIsNoFailure(_ state: String, _ words: String) {
        #expect(
            ForecastProbe.outcome(of: .server(state, "m"), milliseconds: 150) == .unknown(words))
    }

    @Test func aRowThatCannotBeChangedIsSaid() {
        for state in ["22012", "23502"] {
            #expect(
                ForecastProbe.outcome(of: .server(state, "no"), milliseconds: 1) == .fails("no"))
        }
    }

    @Test func theLedgersRecordIsReadAsItWasWritten() throws {
        var facts = ForecastFacts()
        facts.rows = 1_000
        facts.heapBytes = 81_920
        var result = Forecaster.Result()
        result.forecast = ForecastModel(facts).forecast()
        result.tableBytes = 81_920
        let record = ForecastRecord(result)
        #expect(record.forecast != nil)
        #expect(ForecastRecord(json: record.json) == record)
        #expect(ForecastRecord(json: "{}") == nil && ForecastRecord(json: "") == nil)
    }
}

extension PostgresError {
    /// An error of the server, of so much as a probe looks at.
    fileprivate static func server(_ state: String, _ message: String) -> PostgresError {
        var diagnostics = Diagnostics()
        diagnostics.sqlState = SQLState(rawValue: state)
        diagnostics.message = message
        return PostgresError(kind: .server, message: message, diagnostics: diagnostics)
    }
}
