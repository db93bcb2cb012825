import Foundation
import Sluice
import SluicePostgres

/// What the database remembers of migrations.
struct MigrationLedger: Sendable {
    let connection: PostgresConnection
    /// This process.
    let owner: String

    /// A migration as it was begun.
    struct Record: Sendable {
        let name: String
        let checksum: String
        let steps: [Step]
        let state: String
        /// Whether another process has it in hand.
        let isInHand: Bool
        /// When it was begun, in microseconds since 1970: begun again it is another one, within the
        /// same second too.
        let begunMicroseconds: Int
        /// The search path under which it was begun.
        let searchPath: String
    }

    /// Makes the tables where they are not there yet.
    func prepare() async throws {
        try await Sluice.prepareLedger(connection)
    }

    /// Whether there are tables at all.
    func exists() async throws -> Bool {
        try await connection.query("SELECT to_regclass('sluice.migration') IS NOT NULL").scalar
            == "t"
    }

    func find(_ name: String) async throws -> Record? {
        guard try await exists() else { return nil }
        guard let row = try await connection.query(MigrationSQL.find, [.text(name)]).rows.first
        else { return nil }
        let steps = try JSONDecoder().decode([Step].self, from: Data((row[2] ?? "[]").utf8))
        return Record(
            name: row[0] ?? "", checksum: row[1] ?? "", steps: steps, state: row[3] ?? "",
            isInHand: row[5] == "t" && row[4] != owner,
            begunMicroseconds: Int(row[6] ?? "") ?? 0, searchPath: row[7] ?? "")
    }

    func create(_ migration: Migration, checksum: String, steps: [Step]) async throws {
        let plan = String(decoding: try JSONEncoder().encode(steps), as: UTF8.self)
        let made = try await connection.query(
            MigrationSQL.create,
            [
                .text(migration.name), .text(checksum), .text(migration.text), .text(plan),
                .text(owner),
            ]
        ).rows
        guard !made.isEmpty else {
            throw MigrationError(
                .refused,
                "a migration called \(migration.name) was begun by somebody else just now: see "
                    + "sluice migrate status")
        }
    }

    /// Takes a migration into this process's hands and gives it a state.
    ///
    /// - Parameter states: What it has to be until then.
    /// - Returns: The migration as it is now: another process may have gone on with it.
    func claim(_ name: String, state: String, from states: [String]) async throws -> Record {
        let list = "{" + states.map { "\"\($0)\"" }.joined(separator: ",") + "}"
        let rows = try await connection.query(
            MigrationSQL.claim, [.text(name), .text(owner), .text(state), .text(list)]
        ).rows
        guard let record = try await find(name) else {
            throw MigrationError(
                .refused, "there is no migration called \(name): see sluice migrate status")
        }
        guard rows.isEmpty else {
            // What the expressions of its file mean, means the same to whoever carries it on.
            _ = try await connection.query(
                "SELECT set_config('search_path', $1, false)", [.text(record.searchPath)])
            return record
        }
        guard states.contains(record.state) else {
            throw MigrationError(
                .refused,
                "\(name) is \(record.state): this needs it to be "
                    + states.joined(separator: " or "))
        }
        throw MigrationError(
            .refused,
            "\(name) is in the hands of another process: wait for it, or end it first")
    }

    func renew(_ name: String) async throws -> Bool {
        try await !connection.query(MigrationSQL.renew, [.text(name), .text(owner)]).rows.isEmpty
    }

    func release(_ name: String, state: String) async throws {
        let rows = try await connection.query(
            MigrationSQL.release, [.text(name), .text(owner), .text(state)]
        ).rows
        try requireHeld(name, rows.isEmpty)
    }

    /// Remembers that readers have moved.
    func switched(_ name: String, calls: String) async throws {
        let rows = try await connection.query(
            MigrationSQL.switched, [.text(name), .text(owner), .text(calls)]
        ).rows
        try requireHeld(name, rows.isEmpty)
    }

    private func requireHeld(_ name: String, _ isLost: Bool) throws {
        guard !isLost else {
            throw MigrationError(
                .failed, "\(name) was taken over by another process: this one stops")
        }
    }

    func done(_ name: String) async throws -> Set<Int> {
        Set(
            try await connection.query(MigrationSQL.done, [.text(name)]).rows
                .compactMap { $0[0].flatMap { Int($0) } })
    }

    /// Runs statements in a transaction that also marks a step as done, or as taken back.
    func run(
        _ statements: [String], marking mark: String, _ name: String, step: Int,
        lockTimeoutMilliseconds: Int, statementTimeoutMilliseconds: Int
    ) async throws {
        _ = try await connection.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        do {
            _ = try await connection.query("SET LOCAL lock_timeout = \(lockTimeoutMilliseconds)")
            _ = try await connection.query(
                "SET LOCAL statement_timeout = \(statementTimeoutMilliseconds)")
            let began = try await connection.query(MigrationSQL.began).scalar
            for statement in statements {
                _ = try await connection.execute(script: statement)
            }
            guard try await connection.query(MigrationSQL.began).scalar == began else {
                throw MigrationError(
                    .failed,
                    "your own statements end their transaction, so that nobody can tell whether "
                        + "they were done: undo them by hand, and leave BEGIN and COMMIT out")
            }
            let marked = try await connection.query(
                mark, [.text(name), .text(owner), .text("\(step)")]
            ).rows
            try requireHeld(name, marked.isEmpty)
            _ = try await connection.query("COMMIT")
        } catch {
            if connection.isUsable { _ = try? await connection.query("ROLLBACK") }
            throw error
        }
    }

    /// A file's text as a number that changes with it (FNV-1a, 64 bits).
    static func checksum(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
