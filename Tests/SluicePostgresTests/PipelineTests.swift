import SluicePostgres
import Testing

@Suite struct PipelineTests {
    private static let begin = Statement("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    private static let commit = Statement("COMMIT")

    private static func batch(_ sql: String, _ parameters: [Parameter] = []) -> [Statement] {
        [begin, Statement(sql, parameters), commit]
    }

    @Test func twoBatchesAreInFlightAndComeBackInOrder() async throws {
        try await withConnection { connection in
            _ = try await connection.query("CREATE TABLE t (n int PRIMARY KEY)")
            try await connection.send(Self.batch("INSERT INTO t VALUES ($1), (2)", [1]))
            try await connection.send(Self.batch("UPDATE t SET n = n + 10"))
            #expect(connection.outstanding == 2)
            let first = try await connection.receive()
            #expect(first.results.map(\.commandTag) == ["BEGIN", "INSERT 0 2", "COMMIT"])
            #expect(first.error == nil)
            let second = try await connection.receive()
            #expect(second.results.map(\.commandTag) == ["BEGIN", "UPDATE 2", "COMMIT"])
            #expect(connection.outstanding == 0)
            let error = try await failure { () throws(PostgresError) in
                try await connection.receive()
            }
            #expect(error.kind == .usage)
            let rows = try await connection.query("SELECT n FROM t ORDER BY n")
            #expect(rows.rows == [["11"], ["12"]])
        }
    }

    @Test func afterAnErrorTheNextBatchFailsTooAndRecoverMakesTheSessionIdle() async throws {
        try await withConnection { connection in
            _ = try await connection.query("CREATE TABLE t (n int PRIMARY KEY)")
            _ = try await connection.query("INSERT INTO t VALUES (1)")
            try await connection.send(Self.batch("INSERT INTO t VALUES (1)"))
            try await connection.send(Self.batch("INSERT INTO t VALUES (2)"))
            let first = try await connection.receive()
            #expect(first.results.map(\.commandTag) == ["BEGIN"])
            #expect(first.error?.sqlState == .uniqueViolation)
            #expect(first.failedStatement == 1)
            let second = try await connection.receive()
            #expect(second.results.isEmpty)
            #expect(second.error?.sqlState == .inFailedTransaction)
            #expect(second.failedStatement == 0)
            #expect(connection.isInTransaction)
            try await connection.recover()
            #expect(!connection.isInTransaction)
            let count = try await connection.query("SELECT count(*) FROM t")
            #expect(count.scalar == "1")
        }
    }

    @Test func recoverReadsWhatIsOutstandingByItself() async throws {
        try await withConnection { connection in
            try await connection.send(Self.batch("SELECT 1 / 0"))
            try await connection.send(Self.batch("SELECT 2"))
            try await connection.send(Self.batch("SELECT 3"))
            let early = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT 1")
            }
            #expect(early.kind == .usage)
            #expect(connection.isUsable)
            try await connection.recover()
            #expect(connection.outstanding == 0)
            let after = try await connection.sendAndReceive(Self.batch("SELECT 4"))
            #expect(after.results.map(\.commandTag) == ["BEGIN", "SELECT 1", "COMMIT"])
        }
    }

    @Test func aDeferredConstraintFailsAtCommit() async throws {
        try await withConnection { connection in
            _ = try await connection.execute(
                script: """
                    CREATE TABLE a (n int PRIMARY KEY);
                    CREATE TABLE b (n int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
                    """)
            let result = try await connection.sendAndReceive(
                Self.batch("INSERT INTO b VALUES (1)"))
            #expect(result.results.map(\.commandTag) == ["BEGIN", "INSERT 0 1"])
            #expect(result.failedStatement == 2)
            #expect(result.error?.sqlState == .foreignKeyViolation)
            #expect(!connection.isInTransaction)
            let count = try await connection.query("SELECT count(*) FROM b")
            #expect(count.scalar == "0")
        }
    }

    @Test func theTagOfCommitSaysWhetherItCommitted() async throws {
        try await withConnection { connection in
            try await connection.send([Self.begin, Statement("SELECT 1 / 0")])
            try await connection.send([Self.commit])
            _ = try await connection.receive()
            let commit = try await connection.receive()
            #expect(commit.error == nil)
            #expect(commit.results.last?.commandTag == "ROLLBACK")
        }
    }

    @Test func aBatchIsCheckedWholeBeforeAnyOfItIsSent() async throws {
        try await withConnection { connection in
            _ = try await connection.query("CREATE TABLE t (n int)")
            let error = try await failure { () throws(PostgresError) in
                try await connection.send([
                    Statement("INSERT INTO t VALUES (1)"), Statement("SELECT '\0'"),
                ])
            }
            #expect(error.kind == .usage)
            #expect(connection.outstanding == 0)
            let count = try await connection.query("SELECT count(*) FROM t")
            #expect(count.scalar == "0")
        }
    }

    @Test func bothSidesMayWriteFarMoreThanTheSocketsHold() async throws {
        let text = String(repeating: "x", count: 200_000)
        try await withConnection { connection in
            let statements = [Statement](
                repeating: Statement("SELECT $1::text", [.text(text)]), count: 200)
            try await connection.send(statements, timeout: .seconds(60))
            let result = try await connection.receive(timeout: .seconds(60))
            #expect(result.results.count == 200)
            #expect(result.results.allSatisfy { $0.scalar?.utf8.count == 200_000 })
        }
    }

    @Test func aRoleThatDefaultsToRepeatableReadIsOverruled() async throws {
        try await withConnection { connection in
            let role = Identifier("rr_\(connection.backendPID)").quoted
            _ = try await connection.execute(
                script: "CREATE ROLE \(role) LOGIN;"
                    + "ALTER ROLE \(role) SET default_transaction_isolation = 'repeatable read'")
            let server = try TestServer.shared.get()
            let other = try await PostgresConnection.connect(
                server.parameters().setting("user", to: "rr_\(connection.backendPID)"))
            let plain = try await other.query("SHOW transaction_isolation")
            #expect(plain.scalar == "repeatable read")
            let batch = try await other.sendAndReceive(Self.batch("SHOW transaction_isolation"))
            #expect(batch.results.dropFirst().first?.scalar == "read committed")
            await other.close()
            _ = try await connection.query("DROP ROLE \(role)")
        }
    }

    @Test func aScriptRunsAfterAPipeline() async throws {
        try await withConnection { connection in
            _ = try await connection.sendAndReceive([Statement("SELECT 1")])
            let results = try await connection.execute(script: "SELECT 1; SELECT 2")
            #expect(results.count == 2)
            let again = try await connection.sendAndReceive([Statement("SELECT 3")])
            #expect(again.results.first?.scalar == "3")
        }
    }
}
