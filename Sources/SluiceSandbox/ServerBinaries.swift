import Foundation

/// The folder that holds PostgreSQL's server programs.
struct ServerBinaries: Sendable, Equatable {
    /// What a sandbox runs.
    static let needed = ["initdb", "postgres", "pg_ctl", "pg_basebackup", "psql"]

    /// Where packages put versions beside each other; `*` stands for the version.
    static let packagePlaces = [
        "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
    ]

    let directory: String

    /// The full path of one of the programs.
    func path(_ program: String) -> String { "\(directory)/\(program)" }

    /// Finds the folder; see ``SandboxOptions/binDirectory`` for the order.
    ///
    /// A folder that was named must do: another version instead of it would be a surprise.
    static func locate(
        named: String?, environment: [String: String], places: [String] = packagePlaces,
        needed: [String] = needed
    ) throws -> ServerBinaries {
        if let named {
            return try checked(named, needed, saidBy: "SandboxOptions.binDirectory")
        }
        if let named = environment["SLUICE_POSTGRES_BIN"], !named.isEmpty {
            return try checked(named, needed, saidBy: "SLUICE_POSTGRES_BIN")
        }
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        for directory in configured(searching: path) + packaged(places) + path
        where missing(needed, in: directory).isEmpty {
            return ServerBinaries(directory: directory)
        }
        throw SandboxError(
            .binariesMissing,
            "\(needed[0]) not found: install PostgreSQL (apt-get install postgresql) "
                + "or set SLUICE_POSTGRES_BIN to the folder that holds it")
    }

    private static func checked(
        _ directory: String, _ needed: [String], saidBy source: String
    ) throws -> ServerBinaries {
        let absent = missing(needed, in: directory)
        guard absent.isEmpty else {
            throw SandboxError(
                .binariesMissing,
                "\(absent[0]) not found in \(directory), the folder that \(source) names: "
                    + "name the bin folder of a PostgreSQL server")
        }
        return ServerBinaries(directory: directory)
    }

    private static func missing(_ needed: [String], in directory: String) -> [String] {
        needed.filter { !FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)") }
    }

    /// What `pg_config --bindir` would print, without running it: the program lies in that folder
    /// or is a link into it, except on Debian, whose packages are found by their place.
    private static func configured(searching path: [String]) -> [String] {
        path.map { "\($0)/pg_config" }
            .filter { FileManager.default.isExecutableFile(atPath: $0) }
            .map { URL(fileURLWithPath: $0).resolvingSymlinksInPath() }
            .map { $0.deletingLastPathComponent().path }
    }

    /// The folders of installed packages, the newest version first.
    static func packaged(_ places: [String]) -> [String] {
        places.flatMap { place in
            let parts = place.split(separator: "*", maxSplits: 1).map(String.init)
            let parent = URL(fileURLWithPath: parts[0] + "x").deletingLastPathComponent().path
            let prefix = String(parts[0].dropFirst(parent.count + 1))
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            return names.filter { $0.hasPrefix(prefix) }
                .sorted { version($0) > version($1) }
                .map { "\(parent)/\($0)\(parts[1])" }
        }
    }

    private static func version(_ name: String) -> Double {
        Double(name.filter { $0.isNumber || $0 == "." }) ?? 0
    }
}
