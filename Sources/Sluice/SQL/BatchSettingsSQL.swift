import SluiceCore
import SluicePostgres

/// What surrounds the change in each batch.
enum BatchSettingsSQL {
    /// A role may default to REPEATABLE READ (which fails with 40001) or to read-only.
    static let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    static let commit = "COMMIT"

    /// Longest statement on the ledger, whatever the role's default is, in milliseconds.
    static let ledgerTimeoutMilliseconds = 60_000

    /// What every transaction on the ledger begins with.
    ///
    /// A durable one waits for the disk even where the role does not by default.
    static func ledger(durable: Bool) -> [Statement] {
        let commit = """
            CASE pg_catalog.current_setting('synchronous_commit') WHEN 'off' THEN 'local'
            ELSE pg_catalog.current_setting('synchronous_commit') END
            """
        let rest = """
            SELECT pg_catalog.set_config('lock_timeout', '0', true),
            pg_catalog.set_config('idle_in_transaction_session_timeout',
            '\(ledgerTimeoutMilliseconds)', true),
            pg_catalog.set_config('synchronous_commit', \(durable ? commit : "'off'"), true)
            """
        return [Statement(begin), timeout(ledgerTimeoutMilliseconds), Statement(rest)]
    }

    /// Goes first, alone: what a pooler's previous client left may be too little for more.
    static func timeout(_ milliseconds: Int) -> Statement {
        Statement("SET LOCAL statement_timeout = \(milliseconds)")
    }

    /// How long a cancel waits for the batches that are just committing, which take milliseconds.
    static let cancelLockTimeout = "SET LOCAL lock_timeout = '5s'"

    /// Session settings that change how keys are written as text or what an expression means;
    /// recorded when the run is created and set again in every batch, whoever resumes it and
    /// whatever a connection pooler's previous client left behind.
    static let recorded = [
        "search_path", "DateStyle", "IntervalStyle", "TimeZone", "extra_float_digits",
        "bytea_output", "lc_monetary", "lc_numeric", "lc_time", "xmlbinary", "xmloption",
        "array_nulls", "default_text_search_config", "transform_null_equals",
        "standard_conforming_strings",
    ]

    /// The settings with those changed under which a key would not survive its text form: dates
    /// are written as ISO (the order of day and month for reading stays), floats exactly, and
    /// intervals in the server's own style.
    static func exact(_ settings: [Setting]) -> [Setting] {
        settings.map { setting in
            switch setting.name {
            case "DateStyle":
                let order = setting.value.split(separator: ",").dropFirst().joined(separator: ",")
                return Setting("DateStyle", "ISO,\(order.isEmpty ? " MDY" : order)")
            case "extra_float_digits":
                return Setting(setting.name, "\(max(1, Int(setting.value) ?? 1))")
            case "IntervalStyle": return Setting(setting.name, "postgres")
            default: return setting
            }
        }
    }

    /// Lets go of the statements that the session keeps.
    static let letGo = "DEALLOCATE ALL"

    /// One statement that sets settings for this transaction only.
    static func local(_ settings: [Setting]) -> Statement { set(settings, local: true) }

    /// One statement that sets settings for the session, if its transaction commits.
    static func session(_ settings: [Setting]) -> Statement { set(settings, local: false) }

    private static func set(_ settings: [Setting], local: Bool) -> Statement {
        let calls = settings.indices.map {
            "pg_catalog.set_config($\($0 * 2 + 1), $\($0 * 2 + 2), \(local))"
        }
        return Statement(
            "SELECT \(calls.joined(separator: ", "))",
            settings.flatMap { [.text($0.name), .text($0.value)] })
    }

    /// Everything that is set for a batch.
    ///
    /// Sequential scans are off and there is no JIT and no parallel scan: bounds that come from
    /// sub-selects are estimated at a fixed share of the table, which on a huge one makes the
    /// planner expect far more rows than a batch has.
    static func batch(
        _ recorded: [Setting], limits: Limits, serverVersion: Int
    ) -> [Setting] {
        var all = recorded
        // Row-level security that is switched on during the run must be an error, not rows skipped.
        all.append(Setting("row_security", "off"))
        all.append(Setting("jit", "off"))
        all.append(Setting("enable_seqscan", "off"))
        // Or the batch's end is found by sorting the whole rest of the range, where the planner
        // takes that for less than a batch: in each batch, before ANALYZE most of all.
        all.append(Setting("enable_sort", "off"))
        all.append(Setting("max_parallel_workers_per_gather", "0"))
        // The bounds come from the fence, so a plan for given parameters is no better.
        all.append(Setting("plan_cache_mode", "force_generic_plan"))
        all.append(Setting("lock_timeout", "\(limits.lockTimeoutMilliseconds)"))
        all.append(Setting("statement_timeout", "\(limits.statementTimeoutMilliseconds)"))
        // A session that waits for the rest of a transaction holds its locks: bounded like one
        // statement. The transaction timeout also covers a half-received message.
        all.append(
            Setting(
                "idle_in_transaction_session_timeout", "\(limits.statementTimeoutMilliseconds)"))
        if serverVersion >= 170_000 {
            all.append(
                Setting("transaction_timeout", "\(limits.statementTimeoutMilliseconds * 3 / 2)"))
        }
        all.append(Setting("synchronous_commit", limits.batchCommit))
        return all
    }

    /// The same as one statement, for this transaction only.
    static func settings(
        _ recorded: [Setting], limits: Limits, serverVersion: Int
    ) -> Statement {
        local(batch(recorded, limits: limits, serverVersion: serverVersion))
    }

    /// Settings of a statement that may take minutes or hours, as rows of names and values: those
    /// that the server knows; for this transaction only, or the session.
    ///
    /// One whose process was killed ends by itself where the server can see that (on Linux).
    static func longStatement(_ values: String, isLocal: Bool) -> String {
        """
        SELECT pg_catalog.set_config(s.name, v.value, \(isLocal))
        FROM (VALUES \(values),
        ('client_connection_check_interval', '1s'))
        AS v (name, value) JOIN pg_catalog.pg_settings s ON s.name = v.name
        WHERE v.name <> 'client_connection_check_interval'
        OR pg_catalog.version() LIKE '%linux%'
        """
    }
}

/// One server setting.
struct Setting: Sendable, Equatable {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
