import SluicePostgres

/// The databases of a benchmark: the template, and one copy after the other.
struct BenchDatabases: Sendable {
    /// A database of the same server that no strategy works in.
    let outside: ConnectionParameters
    /// A session in that.
    let admin: PostgresConnection
    /// What the names of the databases begin with.
    let prefix: String
    /// What the databases set for their sessions, each as `name=value`.
    var settings: [String] = []

    private var templateName: String { prefix + "_template" }
    private var copyName: String { prefix + "_copy" }

    /// How long databases may take to be dropped at the end, whatever else ended, in seconds.
    private static let cleanupSeconds = 60

    /// How to reach the template.
    var template: ConnectionParameters { outside.setting("dbname", to: templateName) }
    /// How to reach the copy that a strategy works in.
    var copy: ConnectionParameters { outside.setting("dbname", to: copyName) }

    /// The databases' names, for people.
    var names: [String] { [templateName, copyName] }

    /// Makes an empty template; `options` is what `CREATE DATABASE` is told.
    func makeTemplate(options: String = "") async throws {
        try await drop(templateName)
        _ = try await admin.query(
            "CREATE DATABASE \(Identifier(templateName).quoted) TEMPLATE template0\(options)")
        try await prepare(templateName)
        // What is written below is written there and nowhere else.
        try await Self.requireReached(template, named: templateName)
    }

    /// Nobody else gets in: the copies have none of the source's privileges, and functions that
    /// were taken from the public are its again.
    private func prepare(_ name: String) async throws {
        _ = try await admin.query(
            "REVOKE ALL ON DATABASE \(Identifier(name).quoted) FROM PUBLIC")
        try await applySettings(to: name)
    }

    /// Settings that a database has for its sessions are not copied with it.
    private func applySettings(to name: String) async throws {
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            // The value of a list is spelled as SQL takes it, every other is plain.
            let value = parts[0] == "search_path" ? parts[1] : Literal.quoted(parts[1])
            do {
                _ = try await admin.query(
                    "ALTER DATABASE \(Identifier(name).quoted) SET \(parts[0]) TO \(value)")
            } catch {
                // Some are for superusers only.
                guard error.sqlState == .insufficientPrivilege else { throw error }
            }
        }
    }

    /// Hands over a copy of the template, file by file, and removes that again.
    func withCopy<Value: Sendable>(
        _ body: (ConnectionParameters) async throws -> Value
    ) async throws -> Value {
        try await drop(copyName)
        // Whoever looks into every database must not be in this one while it is copied.
        _ = try await admin.query(
            "ALTER DATABASE \(Identifier(templateName).quoted) ALLOW_CONNECTIONS false")
        try await endSessions(in: templateName)
        let byFile = admin.serverVersion >= 150_000 ? " STRATEGY FILE_COPY" : ""
        _ = try await admin.query(
            "CREATE DATABASE \(Identifier(copyName).quoted) "
                + "TEMPLATE \(Identifier(templateName).quoted)\(byFile)")
        try await prepare(copyName)
        try await Self.requireReached(copy, named: copyName)
        let value = try await body(copy)
        try await drop(copyName)
        return value
    }

    /// A pooler may lead to another database than was asked for, to the one that has the table.
    ///
    /// - Throws: `BenchError` then.
    static func requireReached(
        _ parameters: ConnectionParameters, named name: String
    ) async throws {
        let reached = try await parameters.withSession {
            try await $0.query("SELECT current_database()").scalar
        }
        guard reached == name else {
            throw BenchError(
                "asked for the database \(name), the server gives \(reached ?? "another"): a "
                    + "pooler stands between; name the server itself")
        }
    }

    private func endSessions(in name: String) async throws {
        do {
            _ = try await admin.query(Self.ending, [.text(name)])
        } catch {
            // A superuser's, say: should they stay, CREATE DATABASE says that they are there.
            guard error.sqlState == .insufficientPrivilege else { throw error }
        }
    }

    /// Ends the sessions in the database `$1`.
    ///
    /// CREATE DATABASE ends autovacuum's workers itself, which a plain role may not.
    static let ending = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = $1 AND backend_type = 'client backend'
        """

    /// Drops both, though the task is cancelled, once nobody makes them any more.
    ///
    /// - Throws: `BenchLeftovers` that names what is left.
    func dropAll(_ cleaner: PostgresConnection) async throws {
        var session = cleaner
        if !session.isUsable { session = try await reconnected() }
        // A CREATE DATABASE that was cancelled may still be under way.
        if !admin.isUsable {
            _ = try? await session.queryToTheEnd(
                "SELECT pg_terminate_backend(\(admin.backendPID), 10000) FROM pg_stat_activity "
                    + "WHERE pid = \(admin.backendPID) AND application_name = 'sluice bench'",
                timeout: .seconds(Self.cleanupSeconds))
        }
        var left: [String] = []
        for name in [copyName, templateName] {
            do {
                // One that took too long ends its session, and the other database has a chance.
                if !session.isUsable { session = try await reconnected() }
                _ = try await session.queryToTheEnd(
                    Self.dropping(name), timeout: .seconds(Self.cleanupSeconds))
            } catch {
                left.append(name)
            }
        }
        guard left.isEmpty else { throw BenchLeftovers(databases: left) }
    }

    private func reconnected() async throws -> PostgresConnection {
        do {
            return try await PostgresConnection.connectToTheEnd(
                outside, timeout: .seconds(Self.cleanupSeconds))
        } catch {
            throw BenchLeftovers(databases: names)
        }
    }

    private func drop(_ name: String) async throws {
        _ = try await admin.query(Self.dropping(name))
    }

    private static func dropping(_ name: String) -> String {
        "DROP DATABASE IF EXISTS \(Identifier(name).quoted) WITH (FORCE)"
    }
}
