import SluiceSandbox

/// One way to change all rows of the table.
protocol BackfillCase: Sendable {
    /// The name in the results.
    var subject: String { get }
    /// Changes every row of `accounts` once; returns figures of its own, if it has any.
    func change(_ copy: FreshCopy) async throws -> [String: Double]
}

/// The database that one run of one case works on.
struct FreshCopy: Sendable {
    let server: Server
    let database: String
    /// Rows of `accounts`, whose keys are 1 to this.
    let rows: Int

    /// Over the unix socket.
    var dsn: String { server.dsn(database: database) }
    /// Over the loopback network.
    var networkDSN: String { server.dsn(database: database, overTCP: true) }
}
