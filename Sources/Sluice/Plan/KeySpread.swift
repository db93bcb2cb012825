import SluiceCore
import SluicePostgres

/// Finds out whether a page's rows have keys from all over the table.
struct KeySpread: Sendable {
    let connection: PostgresConnection

    /// Parts of the keys in which the rows of some pages are looked for, how many pages those are,
    /// and what share of a page's rows may be in one part: of 60 rows spread by chance 13 are, one
    /// in five, and of ten a third.
    private static let keyParts = 8
    private static let pages = 64.0
    private static let nearnessMost = 0.45

    /// Fewest bounds between equal shares of the keys that the parts are made of: with fewer their
    /// sizes are too coarse.
    private static let boundsMin = 33

    /// Whether they have; `false` where a page's rows have keys near each other by their first
    /// column, and `nil` where nobody knows, as of pages of fewer than eight rows.
    func isScattered(
        _ job: PlannedJob, _ part: PlannedPart
    ) async throws(PostgresError) -> Bool? {
        guard !job.key[0].isComparedByCast, part.pages > 0 else { return nil }
        do {
            // Written as batches read them.
            return try await connection.withSettings(job.session.settings) {
                try await nearness(job.key[0], part).map { $0 <= Self.nearnessMost }
            }
        } catch let error as PostgresError where error.kind != .server {
            throw error
        } catch {
            // A type that has no array, or a table that this role may not read.
            return nil
        }
    }

    /// The share of a page's rows that lie together in the keys, on average; `nil` where statistics
    /// know too little.
    private func nearness(
        _ key: KeyColumn, _ part: PlannedPart
    ) async throws(PostgresError) -> Double? {
        let known = try await connection.query(
            LaneFactsSQL.bounds, [.text("\(part.oid)"), .text(key.name)],
            timeout: PostgresConnection.ledgerTimeout
        ).rows.first?[0]
        let bounds = known.map(TextArray.parse) ?? []
        guard bounds.count >= Self.boundsMin else { return nil }
        let ends = (1..<Self.keyParts).map { bounds[$0 * (bounds.count - 1) / Self.keyParts] }
        let percent = min(100, 100 * Self.pages / Double(part.pages))
        return try await connection.query(
            LaneFactsSQL.nearness(part.name, key),
            [.text(TextArray.literal(ends)), .text("\(percent)")],
            timeout: PostgresConnection.ledgerTimeout
        ).scalar.flatMap(Double.init)
    }
}
