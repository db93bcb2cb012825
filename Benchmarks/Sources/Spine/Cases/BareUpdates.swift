import SluicePostgres
import Synchronization

/// What the engine is measured against: nothing but the UPDATE statements, each its own
/// transaction, from as many connections with as many keys; no ledger, no fence.
struct BareUpdates: BackfillCase {
    let workers: Int
    let batchKeys: Int
    let synchronousCommit: Bool

    var subject: String { "bare, commit \(synchronousCommit ? "on" : "off")" }

    func change(_ copy: FreshCopy) async throws -> [String: Double] {
        let parameters = try ConnectionParameters(dsn: copy.dsn)
        let queue = KeyQueue(rows: copy.rows, batchKeys: batchKeys)
        try await withThrowingTaskGroup { group in
            for _ in 0..<workers {
                group.addTask { try await work(parameters, queue) }
            }
            try await group.waitForAll()
        }
        return [:]
    }

    private func work(_ parameters: ConnectionParameters, _ queue: KeyQueue) async throws {
        let connection = try await PostgresConnection.connect(parameters)
        let setting = synchronousCommit ? "on" : "off"
        _ = try await connection.query("SET synchronous_commit = \(setting)")
        let (column, expression) = AccountsTable.assignment
        while let (low, high) = queue.next() {
            _ = try await connection.query(
                "UPDATE accounts SET \(column) = \(expression) WHERE id > $1 AND id <= $2",
                [Parameter(low), Parameter(high)])
        }
        await connection.close()
    }
}

/// Hands out the keys from 1 to the last, batch by batch.
final class KeyQueue: Sendable {
    private let rows: Int
    private let batchKeys: Int
    private let position = Mutex(0)

    init(rows: Int, batchKeys: Int) {
        self.rows = rows
        self.batchKeys = batchKeys
    }

    func next() -> (low: Int, high: Int)? {
        position.withLock { low in
            guard low < rows else { return nil }
            let high = min(low + batchKeys, rows)
            defer { low = high }
            return (low, high)
        }
    }
}
