import SluicePostgres
import SluiceSandbox

/// One way to fill the column.
enum WritePathCase: Sendable, Equatable {
    /// The whole table in one statement.
    case single
    /// Key ranges of a fixed size over so many connections, and nothing else: no ledger.
    case plain(workers: Int, keys: Int)
    /// The program with its defaults.
    case sluice
    /// The program, but without lanes.
    case sluiceWithoutLanes
    /// The program, told which rows remain, in an order.
    case sluiceInOrder(String)
    /// The program with or without lanes, beside a transaction that holds a snapshot.
    case sluiceUnder(HeldSnapshot, lanes: Bool)

    /// Fixed settings, of which the best is what lanes are compared with.
    static let grid: [WritePathCase] = [
        .plain(workers: 2, keys: 5_000), .plain(workers: 2, keys: 20_000),
        .plain(workers: 4, keys: 5_000), .plain(workers: 4, keys: 20_000),
        .plain(workers: 8, keys: 2_000),
    ]

    var subject: String {
        switch self {
        case .single: "single update"
        case .plain(let workers, let keys): "plain \(workers) × \(keys)"
        case .sluice: "sluice"
        case .sluiceWithoutLanes: "sluice, lanes off"
        case .sluiceInOrder(let order): "sluice, order \(order)"
        case .sluiceUnder(let snapshot, let lanes):
            "sluice\(lanes ? "" : ", lanes off"), a snapshot \(snapshot.rawValue)"
        }
    }

    /// Changes every row once.
    func change(_ copy: FreshCopy, sluicePath: String) async throws {
        switch self {
        case .single: try await single(copy)
        case .plain(let workers, let keys): try await plain(copy, workers, keys)
        case .sluice: try await program(copy, sluicePath, [])
        case .sluiceWithoutLanes: try await program(copy, sluicePath, ["--lanes", "off"])
        case .sluiceInOrder(let order):
            try await program(
                copy, sluicePath, ["--where", "price_cents IS NULL", "--order", order])
        case .sluiceUnder(let snapshot, let lanes):
            try await snapshot.hold(copy) {
                try await program(copy, sluicePath, lanes ? [] : ["--lanes", "off"])
            }
        }
    }

    private static let set = WritePathTable.assignments.joined(separator: ", ")

    private func single(_ copy: FreshCopy) async throws {
        let connection = try await PostgresConnection.connect(ConnectionParameters(dsn: copy.dsn))
        _ = try await connection.query("UPDATE products SET \(Self.set)")
        await connection.close()
    }

    private func plain(_ copy: FreshCopy, _ workers: Int, _ keys: Int) async throws {
        let parameters = try ConnectionParameters(dsn: copy.dsn)
        let queue = KeyQueue(rows: copy.rows, batchKeys: keys)
        try await withThrowingTaskGroup { group in
            for _ in 0..<workers {
                group.addTask {
                    let connection = try await PostgresConnection.connect(parameters)
                    _ = try await connection.query("SET synchronous_commit = off")
                    while let (low, high) = queue.next() {
                        _ = try await connection.queryKept(
                            "UPDATE products SET \(Self.set) WHERE id > $1 AND id <= $2",
                            [Parameter(low), Parameter(high)])
                    }
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
    }

    private func program(
        _ copy: FreshCopy, _ path: String, _ options: [String]
    ) async throws {
        let sets = WritePathTable.assignments.flatMap { ["--set", $0] }
        let ended = try await MeasuredProgram.run(
            path,
            [
                "run", "--table", "products", "--name", "path", "--progress", "none", "--yes",
                "--verify", "off", "--dsn", copy.dsn,
            ] + sets + options)
        guard ended.exitCode == 0 else {
            throw BenchError("sluice run ended with exit code \(ended.exitCode)")
        }
    }
}
