import SluicePostgres
import Synchronization
import Testing

@Suite struct ParameterTests {
    private let bytea: UInt32 = 17
    private let int4: UInt32 = 23

    @Test func nullTextAndBinaryArriveAsThemselves() async throws {
        try await withConnection { connection in
            let result = try await connection.query(
                """
                SELECT $1::text IS NULL, $2 = 'é', $3 = 258, $4 = '\\x00ff'::bytea, $5 + 1, $6 = ''
                """,
                [
                    nil, "é", .binary([0, 0, 1, 2], typeOID: int4),
                    .binary([0, 255], typeOID: bytea), 41, "",
                ])
            #expect(result.first == ["t", "t", "t", "t", "42", "t"])
        }
    }

    @Test func aMegabyteGoesBothWays() async throws {
        let text = String(repeating: "0123456789abcdef", count: 65_536)
        let bytes = [UInt8](repeating: 7, count: 1_048_576)
        let type = bytea
        try await withConnection { connection in
            let result = try await connection.query(
                "SELECT $1::text, length($2), $1 = repeat('0123456789abcdef', 65536)",
                [.text(text), .binary(bytes, typeOID: type)])
            #expect(result.first?[0] == text)
            #expect(result.first?[1] == "1048576")
            #expect(result.first?[2] == "t")
        }
    }

    @Test func tooManyParametersAreRefusedAndTheConnectionLivesOn() async throws {
        try await withConnection { connection in
            let error = try await failure { () throws(PostgresError) in
                try await connection.query(
                    "SELECT 1", [Parameter](repeating: nil, count: 65_536))
            }
            #expect(error.kind == .usage)
            let result = try await connection.query("SELECT 1")
            #expect(result.scalar == "1")
        }
    }

    @Test func fiftyMegabytesArriveWhole() async throws {
        try await withConnection { connection in
            let result = try await connection.query(
                "SELECT repeat('x', 50000) FROM generate_series(1, 1000)")
            #expect(result.rows.count == 1000)
            #expect(result.rows.reduce(0) { $0 + ($1[0]?.utf8.count ?? 0) } == 50_000_000)
        }
    }

    @Test func rowsAreHandedOverOneByOneInOrder() async throws {
        try await withConnection { connection in
            let seen = Mutex((next: 1, inOrder: true))
            let count = try await connection.forEachRow(
                "SELECT n FROM generate_series(1, $1::int) n", [100_000]
            ) { row in
                seen.withLock { seen in
                    seen.inOrder = seen.inOrder && row[0] == String(seen.next)
                    seen.next += 1
                }
            }
            #expect(count == 100_000)
            #expect(seen.withLock { $0.inOrder && $0.next == 100_001 })
            #expect(connection.isUsable)
        }
    }

    @Test func anErrorAmongTheRowsIsThrown() async throws {
        try await withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.forEachRow("SELECT 1 / (5 - n) FROM generate_series(1, 9) n") {
                    _ in
                }
            }
            #expect(error?.sqlState == .divisionByZero)
            #expect(connection.isUsable)
        }
    }

    @Test func aReceiverThatThrowsStopsTheStatement() async throws {
        struct Enough: Error {}
        try await withConnection { connection in
            let reader = try await sibling(of: connection)
            await #expect(throws: Enough.self) {
                try await reader.forEachRow("SELECT generate_series(1, 1000000000000)") { row in
                    if row[0] == "1000" { throw Enough() }
                }
            }
            #expect(!reader.isUsable)
            try await waitUntil(
                connection, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)",
                [Parameter(reader.backendPID)])
        }
    }

    @Test func describeParsesAndRunsNothing() async throws {
        try await withConnection { connection in
            _ = try await connection.query("CREATE TABLE t (id bigint, name text)")
            let description = try await connection.describe(
                "INSERT INTO t VALUES ($1, $2) RETURNING name, id")
            #expect(description.parameterCount == 2)
            #expect(description.parameterTypeOIDs == [20, 25])
            #expect(description.columns.map(\.name) == ["name", "id"])
            #expect(description.columns.map(\.typeOID) == [25, 20])
            let count = try await connection.query("SELECT count(*) FROM t")
            #expect(count.scalar == "0")
            let error = try await failure { () throws(PostgresError) in
                try await connection.describe("SELECT nothing FROM t")
            }
            #expect(error.sqlState == .undefinedColumn)
            #expect(connection.isUsable)
        }
    }
}
