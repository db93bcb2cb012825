import Foundation
import SluicePostgres

/// Who still uses what is about to go, as far as PostgreSQL can tell.
enum Usage {
    /// How often each statement was called so far, as JSON by its number; `{}` where nobody counts.
    static func calls(_ connection: PostgresConnection) async throws -> String {
        guard let view = try await view(connection) else { return "{}" }
        return try await connection.query(
            """
            SELECT coalesce(jsonb_object_agg(queryid::text, calls), '{}')::text FROM (
            SELECT queryid, sum(calls) AS calls FROM \(view)
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND queryid IS NOT NULL GROUP BY queryid) AS s
            """
        ).scalar ?? "{}"
    }

    /// The view of who counts, in its schema; `nil` where nobody does.
    private static func view(_ connection: PostgresConnection) async throws -> String? {
        try await connection.query(
            """
            SELECT quote_ident(n.nspname) || '.pg_stat_statements' FROM pg_extension e
            JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
            AND current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'
            """
        ).scalar
    }

    /// Refuses the end while something uses a column that goes.
    static func requireNone(
        _ steps: [Step], _ name: String, _ connection: PostgresConnection
    ) async throws {
        for dropped in steps.compactMap(\.dropsColumn) {
            let (table, column) = (dropped.table, dropped.column)
            let functions = try await connection.query(
                CatalogSQL.functionsNaming, [.text(column), .text(table)]
            ).rows.compactMap { $0[0] }
            guard functions.isEmpty else {
                throw MigrationError(
                    .refused,
                    "\(column) of \(table) is named by "
                        + "\(functions.joined(separator: ", ")): change "
                        + "them, or go on with --force")
            }
            let statements = try await called(table, column, name, connection)
            guard statements.isEmpty else {
                throw MigrationError(
                    .refused,
                    "\(column) of \(table) was used since readers moved: "
                        + statements.joined(separator: "; ")
                        + "; deploy clients that do not, switch again, or go on with --force")
            }
        }
    }

    /// Statements that name both words and were called since the switch, ours left out.
    private static func called(
        _ table: String, _ column: String, _ name: String, _ connection: PostgresConnection
    ) async throws -> [String] {
        guard let view = try await view(connection) else { return [] }
        return try await connection.query(
            """
            SELECT left(max(s.query), 80) FROM \(view) s
            WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND s.query ~* \(CatalogSQL.word("$1")) AND s.query ~* \(CatalogSQL.word("$2"))
            AND s.query !~ 'sluice' GROUP BY s.queryid
            HAVING sum(s.calls) > coalesce((SELECT (m.calls ->> s.queryid::text)::bigint
            FROM sluice.migration m WHERE m.name = $3), 0)
            ORDER BY sum(s.calls) DESC LIMIT 3
            """, [.text(table), .text(column), .text(name)]
        ).rows.compactMap { $0[0] }
    }
}
