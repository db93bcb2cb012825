import SluicePostgres
import Testing

@Suite struct QueryTests {
    @Test func aQueryReturnsColumnsRowsAndTag() async throws {
        try await withConnection { connection in
            let result = try await connection.query(
                "SELECT 1 AS one, NULL AS nothing, $1 || '!' AS text", ["é"])
            #expect(result.columns == ["one", "nothing", "text"])
            #expect(result.rows == [["1", nil, "é!"]])
            #expect(result.commandTag == "SELECT 1")
            #expect(result.affectedRows == 1)
            #expect(result.scalar == "1")
            #expect(result[0, "text"] == "é!")
            #expect(result[0, "nothing"] == nil)
            #expect(result[1, "text"] == nil)
            #expect(connection.isUsable)
            #expect(connection.backendPID > 0)
            #expect(connection.serverVersion >= 140_000)
        }
    }

    @Test func aQueryRefusesTwoStatementsAndAScriptRunsThem() async throws {
        try await withConnection { connection in
            let error = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT 1; SELECT 2")
            }
            #expect(error.sqlState == .syntaxError)
            let results = try await connection.execute(
                script: "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); SELECT 3")
            #expect(results.map(\.commandTag) == ["CREATE TABLE", "INSERT 0 2", "SELECT 1"])
        }
    }

    @Test func anEmptyStatementIsNoError() async throws {
        try await withConnection { connection in
            let nothing = try await connection.query("")
            #expect(nothing.commandTag == "")
            let something = try await connection.query("SELECT 1")
            #expect(something.scalar == "1")
        }
    }
}
