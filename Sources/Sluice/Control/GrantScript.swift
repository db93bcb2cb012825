import SluicePostgres

/// The statements that give a role what it needs and no more, for an administrator to run.
struct GrantScript: Sendable, Equatable {
    /// How far the ledger has come.
    enum Ledger: Sendable, Equatable {
        /// There is no schema `sluice`.
        case absent
        /// The schema is there, its tables are not.
        case schemaOnly
        /// Tables and all.
        case present
    }

    let database: Identifier
    let role: Identifier
    let roleExists: Bool
    let ledger: Ledger
    /// Whether the server archives its log.
    let archives: Bool
    /// The table and its partitions; empty when none was named.
    let tables: [QualifiedName]

    /// One statement or comment a line.
    var lines: [String] {
        get throws(SluiceError) {
            try refuseUnprintable()
            return opening + ledgerLines + tableLines + otherKinds + watching
        }
    }

    /// Only what is larger shows the folders of the log and of its archive.
    private var watching: [String] {
        archives
            ? [
                "-- How far replicas and the archive are behind, and other roles' sessions:",
                "GRANT pg_monitor TO \(role.quoted);",
            ]
            : [
                "-- How far replicas are behind, and other roles' sessions:",
                "GRANT pg_read_all_stats TO \(role.quoted);",
                "-- For --max-pg-wal, and once the server archives its log:",
                "-- GRANT pg_monitor TO \(role.quoted);",
            ]
    }

    private var opening: [String] {
        var lines = ["-- What \(role.quoted) needs for Sluice; to be run by an administrator."]
        if !roleExists {
            lines.append("-- There is no such role yet: CREATE ROLE \(role.quoted) LOGIN;")
        }
        return lines + ["GRANT CONNECT ON DATABASE \(database.quoted) TO \(role.quoted);"]
    }

    private var ledgerLines: [String] {
        switch ledger {
        case .absent:
            [
                "-- The ledger; or let the first run create the schema, with",
                "-- GRANT CREATE ON DATABASE \(database.quoted) TO \(role.quoted);",
                "CREATE SCHEMA sluice AUTHORIZATION \(role.quoted);",
            ]
        case .schemaOnly: ["GRANT CREATE, USAGE ON SCHEMA sluice TO \(role.quoted);"]
        case .present:
            [
                "GRANT USAGE ON SCHEMA sluice TO \(role.quoted);",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sluice "
                    + "TO \(role.quoted);",
            ]
        }
    }

    private var tableLines: [String] {
        guard !tables.isEmpty else {
            return [
                "-- With --table the next two are written out:",
                "-- GRANT USAGE ON SCHEMA <schema> TO \(role.quoted);",
                "-- GRANT SELECT, UPDATE ON TABLE <table> TO \(role.quoted);",
            ]
        }
        var schemas: [String] = []
        for schema in tables.compactMap(\.schema) where !schemas.contains(schema) {
            schemas.append(schema)
        }
        return schemas.map { "GRANT USAGE ON SCHEMA \(Identifier($0).quoted) TO \(role.quoted);" }
            + tables.map { "GRANT SELECT, UPDATE ON TABLE \($0.quoted) TO \(role.quoted);" }
    }

    private var otherKinds: [String] {
        let names = tables.isEmpty ? ["<table>"] : tables.map(\.quoted)
        return ["-- For --kind delete and move:"]
            + names.map { "-- GRANT DELETE ON TABLE \($0) TO \(role.quoted);" }
            + [
                "-- For copy and move; --on-conflict also needs SELECT, and update UPDATE, there:",
                "-- GRANT USAGE ON SCHEMA <schema of the target> TO \(role.quoted);",
                "-- GRANT INSERT ON TABLE <target> TO \(role.quoted);",
            ]
    }

    /// A line break in a name would end its comment and begin a statement; an escape sequence
    /// would show another statement than the one that is there.
    private func refuseUnprintable() throws(SluiceError) {
        let names = [database.name, role.name] + tables.flatMap { [$0.schema ?? "", $0.name] }
        for name in names
        where name.unicodeScalars.contains(where: Self.isUnprintable) {
            let shown = name.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            throw SluiceError(
                .refused,
                "the name \"\(shown)\" holds characters that cannot be shown safely: "
                    + "write its GRANT by hand")
        }
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        // Marks that show text in another order than it has.
        default:
            (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }
}
