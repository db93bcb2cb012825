import SluicePostgres
import Testing

@Suite struct ErrorTests {
    @Test func aConstraintErrorNamesItsObjects() async throws {
        try await withConnection { connection in
            _ = try await connection.execute(
                script: "CREATE TABLE t (n int CONSTRAINT positive CHECK (n > 0), m int NOT NULL)")
            let check = try await failure { () throws(PostgresError) in
                try await connection.query("INSERT INTO t VALUES (-1, 1)")
            }
            #expect(check.kind == .server)
            #expect(check.sqlState == .checkViolation)
            #expect(check.sqlState?.classCode == "23")
            let fields = try #require(check.diagnostics)
            #expect(fields.severity == "ERROR")
            #expect(fields.schema == "public")
            #expect(fields.table == "t")
            #expect(fields.constraint == "positive")
            #expect(fields.detail?.contains("-1") == true)
            #expect(fields.sourceFile == "execMain.c")
            #expect((fields.sourceLine ?? 0) > 0)
            #expect(fields.sourceFunction == "ExecConstraints")
            let null = try await failure { () throws(PostgresError) in
                try await connection.query("INSERT INTO t VALUES (1, NULL)")
            }
            #expect(null.sqlState == .notNullViolation)
            #expect(null.diagnostics?.column == "m")
            #expect(connection.isUsable)
        }
    }

    @Test func positionHintContextAndInternalQueryArrive() async throws {
        try await withConnection { connection in
            _ = try await connection.execute(script: "CREATE TABLE t (price int)")
            let column = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT prise FROM t")
            }
            #expect(column.sqlState == .undefinedColumn)
            #expect(column.diagnostics?.position == 8)
            #expect(column.diagnostics?.hint?.contains("price") == true)
            #expect(column.description.contains("price"))
            let inside = try await failure { () throws(PostgresError) in
                try await connection.query(
                    "DO $$ BEGIN EXECUTE 'SELECT nothing FROM t'; END $$")
            }
            #expect(inside.diagnostics?.internalQuery == "SELECT nothing FROM t")
            #expect(inside.diagnostics?.internalPosition == 8)
            #expect(inside.diagnostics?.context?.contains("PL/pgSQL") == true)
        }
    }

    @Test func aDomainErrorNamesItsDataType() async throws {
        try await withConnection { connection in
            _ = try await connection.execute(
                script: "CREATE DOMAIN small AS int CHECK (VALUE < 10)")
            let error = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT 11::small")
            }
            #expect(error.diagnostics?.dataType == "small")
            #expect(error.diagnostics?.constraint == "small_check")
        }
    }

    @Test func noticesComeWithTheResultAndNotOnStderr() async throws {
        try await withConnection { connection in
            let result = try await connection.query("DO $$ BEGIN RAISE WARNING 'careful'; END $$")
            #expect(result.notices.map(\.message) == ["careful"])
            #expect(result.notices.first?.severity == "WARNING")
            let next = try await connection.query("SELECT 1")
            #expect(next.notices.isEmpty)
        }
    }

    @Test func aTerminatedSessionIsLostAndSaysWhy() async throws {
        try await withConnection { connection in
            let victim = try await sibling(of: connection)
            async let running = failure { () throws(PostgresError) in
                try await victim.query("SELECT pg_sleep(60)")
            }
            try await waitUntil(
                connection,
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event"
                    + " = 'PgSleep')", [Parameter(victim.backendPID)])
            _ = try await connection.query(
                "SELECT pg_terminate_backend($1)", [Parameter(victim.backendPID)])
            let error = try await running
            #expect(error.kind == .connectionLost)
            #expect(error.sqlState == .adminShutdown)
            #expect(!victim.isUsable)
            let later = try await failure { () throws(PostgresError) in
                try await victim.query("SELECT 1")
            }
            #expect(later.kind == .usage)
            #expect(later.message.contains("closed"))
        }
    }

    @Test func aSessionThatDiedWhileIdleIsLostAtItsNextStatement() async throws {
        try await withConnection { connection in
            let victim = try await sibling(of: connection)
            _ = try await connection.query(
                "SELECT pg_terminate_backend($1)", [Parameter(victim.backendPID)])
            try await waitUntil(
                connection, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)",
                [Parameter(victim.backendPID)])
            let error = try await failure { () throws(PostgresError) in
                try await victim.query("SELECT 1")
            }
            #expect(error.kind == .connectionLost)
            #expect(!victim.isUsable)
        }
    }

    @Test func aClosedConnectionSaysSo() async throws {
        try await withConnection { connection in
            let other = try await sibling(of: connection)
            await other.close()
            await other.close()
            #expect(!other.isUsable)
            let error = try await failure { () throws(PostgresError) in
                try await other.query("SELECT 1")
            }
            #expect(error.kind == .usage)
        }
    }

    @Test func copyIsRefusedInsteadOfHanging() async throws {
        try await withConnection { connection in
            let other = try await sibling(of: connection)
            let error = try await failure { () throws(PostgresError) in
                try await other.query("COPY (SELECT 1) TO STDOUT")
            }
            #expect(error.kind == .usage)
            #expect(!other.isUsable)
        }
    }
}
