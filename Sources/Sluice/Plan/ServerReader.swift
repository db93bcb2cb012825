import SluiceCore
import SluicePostgres

/// Asks a server what it is set to.
struct ServerReader: Sendable {
    let connection: PostgresConnection

    func facts() async throws(PostgresError) -> ServerFacts {
        let row = try await connection.query(
            ServerSQL.facts, timeout: PostgresConnection.ledgerTimeout
        ).rows[0]
        func number(_ index: Int) -> Double { row[index].flatMap(Double.init) ?? 0 }
        var server = ServerFacts()
        server.pageBytes = number(0)
        server.fullPageWrites = row[1] == "t"
        server.compressesImages = row[2] == "t"
        server.isLogical = row[3] == "t"
        server.maxWalBytes = number(4)
        server.completionTarget = number(5)
        server.checkpointSeconds = number(6)
        server.keptBytes = number(7)
        server.hasSlots = row[8] == "t"
        // Batches wait when a slot needs half of what it may keep.
        server.slotBytes = number(9) < 0 ? nil : number(9) / 2
        server.cacheBytes = number(10)
        return server
    }
}
