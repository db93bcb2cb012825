/// The lines of postgresql.conf that a sandbox adds to what initdb wrote.
struct ClusterSettings: Sendable, Equatable {
    let text: String

    /// The defaults of a sandbox, overridden by what the options say.
    ///
    /// Enough senders, slots and prepared transactions for a few replicas and for what tests do
    /// with two-phase commit; everything else is PostgreSQL's own default.
    init(_ options: SandboxOptions) throws {
        var values = [
            "autovacuum": "on",
            "fsync": options.durable ? "on" : "off",
            "hot_standby": "on",
            "log_line_prefix": "%m [%p] %q%a ",
            "log_statement": options.logsStatements ? "all" : "none",
            "max_connections": "100",
            "max_prepared_transactions": "10",
            "max_replication_slots": "10",
            "max_wal_senders": "10",
            "shared_buffers": "128MB",
            "wal_level": "replica",
        ]
        for (name, value) in options.settings {
            guard name.allSatisfy(Self.mayName), !name.isEmpty, !value.contains("\n") else {
                throw SandboxError(
                    .invalidOption, "\"\(name)\" with its value is no line of postgresql.conf")
            }
            values[name] = value
        }
        text = values.sorted { $0.key < $1.key }
            .map { "\($0.key) = '\(Self.escaped($0.value))'\n" }
            .joined()
    }

    private static func mayName(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || character == "_" || character == ".")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("'", with: "''")
    }
}
