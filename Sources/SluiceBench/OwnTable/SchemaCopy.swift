import Foundation
import SluicePostgres
import SluiceSandbox

/// Makes everything that a database defines anew in another, without any row, by `pg_dump`.
///
/// All of it and not the table alone: its types, defaults, triggers and expressions may need
/// anything.
struct SchemaCopy: Sendable {
    private let programs: ClientPrograms
    private let folder: URL
    private let keepsTriggers: Bool

    /// What is left out: foreign keys, whose other rows are not there; what would reach other
    /// servers; what belongs to the whole database.
    static let leftOut = [
        "FK CONSTRAINT", "FOREIGN TABLE", "SERVER", "USER MAPPING", "PUBLICATION",
        "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SUBSCRIPTION TABLE",
        "EVENT TRIGGER", "DATABASE", "DATABASE PROPERTIES", "MATERIALIZED VIEW DATA",
    ]

    /// How long another session's lock is waited for: behind one who waits, others wait too.
    private static let lockTimeout = "5s"

    /// Reads the definitions of a database, but those of the tables that `excluded` names.
    ///
    /// - Throws: `BenchError` with the reason.
    static func read(
        _ source: ConnectionParameters, excluded: [String], keepsTriggers: Bool
    ) async throws -> SchemaCopy {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "sluice-bench-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            let programs = try ClientPrograms.locate(["pg_dump", "pg_restore"])
            let copy = SchemaCopy(
                programs: programs, folder: folder, keepsTriggers: keepsTriggers)
            let exclusions = excluded.map { "--exclude-table=\($0)" }
            _ = try await programs.run(
                "pg_dump",
                [
                    "--schema-only", "--format=custom", "--no-owner", "--no-privileges",
                    "--no-tablespaces", "--no-password", "--lock-wait-timeout=\(lockTimeout)",
                    // A ledger without its rows is a broken one.
                    "--exclude-schema=sluice",
                    "--file", copy.archive,
                ] + exclusions, environment: environment(source))
            return copy
        } catch {
            try? FileManager.default.removeItem(at: folder)
            try Task.checkCancellation()
            throw BenchError("the table's definition cannot be read: \(error)")
        }
    }

    /// The files that hold the definitions are deleted.
    func delete() { try? FileManager.default.removeItem(at: folder) }

    /// Makes what has to be there before rows (`pre-data`) or after (`post-data`) in a database.
    ///
    /// - Returns: The first complaint; what could not be made is left out.
    func make(_ section: String, in target: ConnectionParameters) async throws -> String? {
        let environment = Self.environment(target)
        let list = try await programs.run(
            "pg_restore", ["--list", "--section=\(section)", archive], environment: environment
        ).output
        let file = folder.appending(path: section).path
        let kept = Self.kept(list, keepsTriggers: keepsTriggers)
        try Data(kept.utf8).write(to: URL(filePath: file))
        return try await programs.run(
            "pg_restore",
            [
                "--no-owner", "--no-privileges", "--no-tablespaces", "--no-password",
                "--section=\(section)", "--use-list=\(file)",
                "--dbname=\(environment["PGDATABASE"] ?? "")", archive,
            ], environment: environment, mayFail: true
        ).complaint
    }

    private var archive: String { folder.appending(path: "schema").path }

    /// The lines of an archive's list without what is left out.
    static func kept(_ list: String, keepsTriggers: Bool) -> String {
        let out = leftOut + (keepsTriggers ? [] : ["TRIGGER"])
        return list.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            // "3105; 2606 16412 FK CONSTRAINT public orders orders_customer_fkey postgres"
            let fields = line.split(separator: " ", maxSplits: 3)
            guard fields.count == 4, fields[0].hasSuffix(";") else { return true }
            // "SERVER" is a kind; "SERVERS" is none.
            return !out.contains { fields[3].hasPrefix($0 + " ") }
        }.joined(separator: "\n")
    }

    /// A connection's settings as libpq's environment, which `ps` does not show.
    ///
    /// They are resolved ones: a service's would win over the environment, and is left out.
    static func environment(_ parameters: ConnectionParameters) -> [String: String] {
        let names = [
            "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER",
            "password": "PGPASSWORD", "dbname": "PGDATABASE", "passfile": "PGPASSFILE",
            "options": "PGOPTIONS", "sslmode": "PGSSLMODE",
            "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
            "sslcrl": "PGSSLCRL", "sslnegotiation": "PGSSLNEGOTIATION",
            "channel_binding": "PGCHANNELBINDING", "gssencmode": "PGGSSENCMODE",
            "krbsrvname": "PGKRBSRVNAME", "connect_timeout": "PGCONNECT_TIMEOUT",
            "target_session_attrs": "PGTARGETSESSIONATTRS", "require_auth": "PGREQUIREAUTH",
            "requirepeer": "PGREQUIREPEER", "sslcertmode": "PGSSLCERTMODE",
            "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
            "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
        ]
        var environment = ["PGAPPNAME": "sluice bench"]
        for (keyword, name) in names {
            if let value = parameters[keyword] { environment[name] = value }
        }
        return environment
    }
}
