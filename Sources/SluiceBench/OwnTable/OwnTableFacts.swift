import Sluice
import SluicePostgres

/// What has to be known of a table before a sample of it is copied.
struct OwnTableFacts: Sendable {
    /// The table's name with its schema, as SQL spells it.
    let name: String
    let isPartitioned: Bool
    /// Rows by the last count.
    let rows: Int
    let indexes: Int
    let triggers: Int
    /// Bytes of the table and its indexes.
    let bytes: Int
    /// What the copies' `CREATE DATABASE` is told.
    let databaseOptions: String
    /// The tablespace that the copies lie in, where that is not the database's.
    let otherTablespace: String?
    /// Tables that this role may not read, as `pg_dump` takes their names.
    let unreadable: [String]
    /// What the copies' database sets for its sessions, each as `name=value`.
    let databaseSettings: [String]
    let job: FillJob

    /// Reads them.
    ///
    /// - Throws: `BenchError` that says what is missing and what to do.
    static func read(
        _ own: OwnTable, _ connection: PostgresConnection
    ) async throws -> OwnTableFacts {
        let table = try await connection.query(OwnTableSQL.table, [.text(own.table)]).rows.first
        guard let table, let name = table[0] else {
            throw BenchError("there is no table \(own.table) in this database")
        }
        guard table[1] == "r" || table[1] == "p" else {
            throw BenchError("\(name) is no table: a benchmark fills tables")
        }
        guard table[5] == "t" else {
            throw BenchError("this role may not read \(name): GRANT SELECT ON \(name) TO it")
        }
        let server = try await connection.query(OwnTableSQL.server).rows.first ?? []
        guard server[1] == "f", server[2] == "f" else {
            throw BenchError(
                "this server is a replica, or its sessions may only read: name the primary")
        }
        guard server[0] == "t" else {
            throw BenchError(
                "this role may not create databases, and the benchmark never works on the table "
                    + "itself: ALTER ROLE … CREATEDB, or use another role")
        }
        guard table[9] == "f" else {
            throw BenchError(
                "other tables inherit from \(name), and which of their rows a sample should have "
                    + "is not known: name one of them")
        }
        // Without a count there is no telling how much a sample is of it.
        guard number(table[8]) < bytesUncounted,
            // One that was empty when it was counted has no rows by that, however large it is now.
            number(table[2]) > 0 || number(table[6]) < bytesUncounted
        else {
            throw BenchError(
                "nobody knows how many rows \(name) has, or one of its partitions: ANALYZE \(name)")
        }
        let options = try await connection.query(
            OwnTableSQL.databaseOptions(serverVersion: connection.serverVersion)
        ).rows.first
        return OwnTableFacts(
            name: name, isPartitioned: table[1] == "p", rows: number(table[2]),
            indexes: number(table[3]), triggers: number(table[4]),
            bytes: number(table[6]) + number(table[7]),
            databaseOptions: options?[0] ?? "", otherTablespace: options?[1],
            unreadable: try await unreadable(name, connection),
            databaseSettings: try await connection.query(OwnTableSQL.databaseSettings).rows
                .compactMap { $0[0] },
            job: try await job(own, name, isPartitioned: table[1] == "p", connection))
    }

    /// Patterns of the tables that cannot be locked, none of which may belong to this one.
    private static func unreadable(
        _ table: String, _ connection: PostgresConnection
    ) async throws -> [String] {
        let rows = try await connection.query(OwnTableSQL.unreadable, [.text(table)]).rows
        if let part = rows.first(where: { $0[2] == "t" }), let name = part[1] {
            throw BenchError(
                "this role may not read the partition \(name) of \(table): GRANT SELECT ON \(name) "
                    + "TO it, and USAGE ON its schema")
        }
        return Set(rows.compactMap { $0[0] }).sorted()
    }

    /// Refuses servers that do not count what is measured.
    static func requireVersion(_ connection: PostgresConnection) throws {
        guard connection.serverVersion >= versionMin else {
            throw BenchError(
                "a benchmark needs PostgreSQL 14 or newer: older ones do not count WAL")
        }
    }

    /// The first version that counts what is written to the log (`pg_stat_wal`).
    private static let versionMin = 140_000

    /// What was never analyzed is copied whole up to this size.
    private static let bytesUncounted = 64 << 20

    private static func job(
        _ own: OwnTable, _ name: String, isPartitioned: Bool, _ connection: PostgresConnection
    ) async throws -> FillJob {
        let type = try await type(of: own.column, in: name, connection)
        do {
            _ = try await connection.query("SELECT NULL::\(type) IS DISTINCT FROM NULL::\(type)")
        } catch {
            throw BenchError(
                "values of the type \(type) cannot be compared, so that nobody could tell which "
                    + "rows are filled")
        }
        var key: [FillJob.KeyColumn] = []
        if let columns = own.key {
            for column in columns {
                key.append(
                    FillJob.KeyColumn(
                        name: column, type: try await self.type(of: column, in: name, connection)))
            }
        } else {
            key = try await connection.query(OwnTableSQL.primaryKey, [.text(name)]).rows
                .map { FillJob.KeyColumn(name: $0[0] ?? "", type: $0[1] ?? "") }
        }
        guard !key.isEmpty else {
            throw BenchError("\(name) has no primary key: name unique columns with --key")
        }
        return FillJob(
            table: name, key: key, column: own.column, expression: own.expression,
            predicate: own.predicate,
            // By the value, so that what is filled with NULL is filled, and no loop is endless.
            unfilled: "\(own.column) IS DISTINCT FROM (\(own.expression))::\(type)",
            isPartitioned: isPartitioned)
    }

    private static func type(
        of column: String, in table: String, _ connection: PostgresConnection
    ) async throws -> String {
        let plain = SQLName.parts(column)?.first ?? column
        let type = try await connection.query(
            OwnTableSQL.columnType, [.text(table), .text(plain)]
        ).scalar
        guard let type else { throw BenchError("\(table) has no column \(column)") }
        return type
    }

    private static func number(_ text: String?) -> Int { text.flatMap { Int($0) } ?? 0 }
}
