import SluicePostgres

/// How questions are asked through a connection pooler, which gives each transaction another
/// session, with whatever its last client set in it.
enum PoolerSQL {
    /// Questions change nothing, and may be asked of a standby.
    static let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"

    /// What is set back to the role's own for each question.
    ///
    /// Not the three settings that PgBouncer gives every client back as they were at its start.
    private static let restored =
        BatchSettingsSQL.recorded.filter {
            !["DateStyle", "TimeZone", "standard_conforming_strings"].contains($0)
        } + [
            "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
            "synchronous_commit",
        ]

    /// Each setting as the role has it where nobody changed it; nothing in a session of our own:
    /// `$1` names, `$2` the number of the server's process that the connection was given.
    private static let own = """
        SELECT s.name, s.reset_val FROM pg_catalog.pg_settings s
        WHERE s.name = ANY ($1::text[]) AND pg_catalog.pg_backend_pid() <> $2::integer
        ORDER BY s.name
        """

    /// What begins each question's transaction; nothing where no pooler stands between.
    static func opening(
        of connection: PostgresConnection
    ) async throws(PostgresError) -> [Statement] {
        let answer = try await connection.transact(
            opening: [
                Statement(begin),
                BatchSettingsSQL.timeout(BatchSettingsSQL.ledgerTimeoutMilliseconds),
            ],
            [
                Statement(
                    own,
                    [.text(TextArray.literal(restored)), Parameter(connection.backendPID)]),
                Statement(BatchSettingsSQL.commit),
            ], timeout: PostgresConnection.ledgerTimeout)
        let settings = answer.results[2].rows.map { Setting($0[0] ?? "", $0[1] ?? "") }
        if settings.isEmpty { return [] }
        let most = settings.first { $0.name == "statement_timeout" }.flatMap { Int($0.value) }
        return [
            Statement(begin), BatchSettingsSQL.timeout(most ?? 0), BatchSettingsSQL.local(settings),
        ]
    }
}
