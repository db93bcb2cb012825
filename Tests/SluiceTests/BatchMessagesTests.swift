import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// What a session is told, and when.
@Suite struct BatchMessagesTests {
    static func job(isPooled: Bool = false) -> PlannedJob {
        let key = KeyColumn(name: "id", castType: "pg_catalog.int8")
        let identity = JobIdentity(
            kind: .update, tableOID: 7, assignments: [Assignment(column: "n", expression: "1")],
            predicate: nil, key: ["id"])
        let parts = [1, 2].map {
            PlannedPart(
                row: ["\($0)", "public", "t\($0)", "r", "1:id,2:n", "f", "t", "1"], number: $0)
        }
        return PlannedJob(
            name: "t.n",
            table: TableFacts(
                oid: 7, name: QualifiedName(schema: "public", name: "t"), updateTriggers: nil,
                hasChildren: true, isPartitioned: true, columns: []),
            identity: identity, key: [key],
            session: SessionFacts(
                isInRecovery: false, timeline: 1, durableCommit: "on", isPooled: isPooled,
                user: "u", database: "d", settings: [Setting("TimeZone", "UTC")],
                serverVersion: 150_000),
            parts: parts)
    }

    private func batch(
        _ messages: inout BatchMessages, part: Int = 1, first: Bool = false,
        limits: Limits = Limits()
    ) -> [Statement] {
        messages.batch(
            part: part, firstOfRange: first, ["1", "2", "3", "4", "5", "6", "7"], limits: limits,
            serverVersion: 150_000)
    }

    @Test func aSessionIsToldItsSettingsOnceAndInATransactionOfTheirOwn() {
        var messages = BatchMessages(job: Self.job())
        let first = batch(&messages)
        #expect(
            first.map { String($0.sql.prefix(34)) } == [
                "BEGIN ISOLATION LEVEL READ COMMITT", "SELECT pg_catalog.set_config($1, $",
                "DEALLOCATE ALL", "COMMIT", "BEGIN ISOLATION LEVEL READ COMMITT",
                "WITH sluice_fence AS MATERIALIZED ", "", "COMMIT",
            ])
        #expect(first[1].sql.contains("$2, false)"))
        let next = batch(&messages)
        #expect(next.map(\.sql) == [BatchSettingsSQL.begin, "", "COMMIT"])
        #expect(next[1].parameters.count == 7)
    }

    @Test func newLimitsAnotherTableAndALostSessionAreToldAnew() {
        var messages = BatchMessages(job: Self.job())
        _ = batch(&messages)
        #expect(batch(&messages, first: true).count == 4)
        #expect(batch(&messages, limits: Limits(batchKeys: 7)).count == 8)
        let other = batch(&messages, part: 2, limits: Limits(batchKeys: 7))
        #expect(other.count == 8)
        #expect(other[5].sql.contains("\"public\".\"t2\" AS \"t\""))
        messages.forgetSession()
        #expect(batch(&messages, part: 2, limits: Limits(batchKeys: 7)).count == 8)
    }

    @Test func behindAPoolerEachBatchSaysEverythingAndKeepsNothing() {
        var messages = BatchMessages(job: Self.job(isPooled: true))
        for _ in 0..<2 {
            let statements = batch(&messages)
            #expect(statements.count == 5)
            #expect(statements[1].sql.hasPrefix("SET LOCAL statement_timeout"))
            #expect(statements[2].sql.contains("$2, true)"))
            #expect(statements[3].sql.hasPrefix("WITH sluice_fence"))
        }
    }
}
