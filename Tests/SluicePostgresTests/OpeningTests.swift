import SluicePostgres
import Testing

/// Transactions that are begun by statements of the caller's.
@Suite struct OpeningTests {
    private static let begin = Statement("BEGIN READ WRITE")

    /// Makes `stumble()`, which is cancelled so often before it succeeds.
    private static func makeStumble(_ times: Int, _ connection: PostgresConnection) async throws {
        _ = try await connection.execute(
            script: """
                CREATE SEQUENCE calls;
                CREATE FUNCTION stumble() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('calls') <= \(times) THEN RAISE 'late' USING ERRCODE = '57014'; END IF;
                RETURN 1; END $$;
                """)
    }

    @Test func anOpeningThatIsCancelledIsSentAgainAndAStatementIsNot() async throws {
        try await withConnection { connection in
            try await Self.makeStumble(3, connection)
            let stumble = Statement("SELECT stumble()")
            let answer = try await connection.transact(
                opening: [Self.begin, stumble], [Statement("SELECT 7"), Statement("COMMIT")])
            #expect(answer.results[2].scalar == "7")
            #expect(try await connection.query("SELECT last_value FROM calls").scalar == "4")

            _ = try await connection.query("SELECT setval('calls', 1, false)")
            let error = try await failure { () throws(PostgresError) in
                try await connection.transact(opening: [Self.begin], [stumble])
            }
            #expect(error.sqlState == .queryCanceled)
            #expect(!connection.isInTransaction)
            #expect(try await connection.query("SELECT last_value FROM calls").scalar == "1")
        }
    }

    @Test func anOpeningThatIsAlwaysCancelledIsAnErrorInTheEnd() async throws {
        try await withConnection { connection in
            try await Self.makeStumble(1_000, connection)
            let error = try await failure { () throws(PostgresError) in
                try await connection.transact(
                    opening: [Self.begin, Statement("SELECT stumble()")], [Statement("COMMIT")])
            }
            #expect(error.sqlState == .queryCanceled)
            #expect(try await connection.query("SELECT last_value FROM calls").scalar == "5")
        }
    }

    @Test func aQueryIsOpenedUnlessATransactionIs() async throws {
        try await withConnection { connection in
            let name = "SELECT current_setting('application_name')"
            connection.opening = [
                Self.begin, Statement("SET LOCAL application_name = 'opened'"),
            ]
            #expect(try await connection.query(name).scalar == "opened")
            #expect(!connection.isInTransaction)
            let error = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT 1 / 0")
            }
            #expect(error.sqlState == .divisionByZero)
            #expect(!connection.isInTransaction)
            try await connection.transact(
                opening: [Self.begin], [Statement("SET LOCAL application_name = 'own'")])
            #expect(try await connection.query(name).scalar == "own")
            #expect(connection.isInTransaction)
        }
    }
}
