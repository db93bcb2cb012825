/// Statements on the migrations' part of the ledger.
enum MigrationSQL {
    /// A migration by its name, and whether another process has it in hand.
    static let find = """
        SELECT name, checksum, plan, state, owner,
        owner IS NOT NULL AND lease_until > clock_timestamp() AND EXISTS (
        SELECT FROM pg_stat_activity a WHERE a.pid = m.session_pid
        AND (a.backend_start IS NULL OR a.backend_start = m.session_start)),
        (extract(epoch FROM created_at) * 1000000)::bigint, search_path
        FROM sluice.migration m WHERE name = $1
        """

    /// All of them, the newest first: name, state, when it began, steps that are done and in all,
    /// the file's checksum.
    static let list = """
        SELECT m.name, m.state, to_char(m.created_at, 'YYYY-MM-DD HH24:MI'),
        (SELECT count(*) FROM sluice.migration_step s WHERE s.migration = m.name),
        jsonb_array_length(m.plan), m.checksum
        FROM sluice.migration m ORDER BY m.created_at DESC, m.name
        """

    /// Makes a migration, in the hands of `$5`, unless there is one of the name that was not rolled
    /// back.
    static let create = """
        INSERT INTO sluice.migration (name, checksum, file, plan, state, owner, lease_until,
        session_pid, session_start, search_path)
        SELECT $1, $2, $3, $4::jsonb, 'starting', $5, clock_timestamp() + \(lease),
        a.pid, a.backend_start, current_setting('search_path')
        FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
        ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, file = excluded.file,
        plan = excluded.plan, state = 'starting', owner = excluded.owner,
        lease_until = excluded.lease_until, session_pid = excluded.session_pid,
        session_start = excluded.session_start, search_path = excluded.search_path,
        created_at = clock_timestamp(),
        switched_at = NULL, calls = NULL
        WHERE sluice.migration.state = 'rolled back' RETURNING name
        """

    /// Takes a migration into the hands of `$2`, in the state `$3`, unless it is in others' or in a
    /// state that is none of `$4`.
    static let claim = """
        UPDATE sluice.migration m SET owner = $2, lease_until = clock_timestamp() + \(lease),
        session_pid = a.pid, session_start = a.backend_start, state = $3
        FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() AND m.name = $1
        AND (m.owner IS NULL OR m.owner = $2 OR m.lease_until < clock_timestamp()
        OR NOT EXISTS (SELECT FROM pg_stat_activity b WHERE b.pid = m.session_pid
        AND (b.backend_start IS NULL OR b.backend_start = m.session_start)))
        AND m.state = ANY ($4::text[]) RETURNING m.name
        """

    /// A column of the table `$1` that an update may set and that neither an index nor the
    /// partitioning has, the narrowest first.
    static let standIn = """
        SELECT quote_ident(a.attname) FROM pg_attribute a
        WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = '' AND a.attidentity = ''
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid
        AND (a.attnum = ANY (i.indkey::int2[]) OR EXISTS (SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)))
        AND NOT EXISTS (SELECT FROM pg_partitioned_table p, pg_depend d
        WHERE p.partrelid = a.attrelid AND (a.attnum = ANY (p.partattrs::int2[])
        OR d.classid = 'pg_class'::regclass AND d.objid = p.partrelid
        AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum))
        ORDER BY a.attlen < 0, a.attnum LIMIT 1
        """

    /// Keeps it.
    static let renew = """
        UPDATE sluice.migration SET lease_until = clock_timestamp() + \(lease)
        WHERE name = $1 AND owner = $2 RETURNING name
        """

    /// Lets go of it, in the state `$3`.
    static let release = """
        UPDATE sluice.migration SET owner = NULL, lease_until = NULL, state = $3
        WHERE name = $1 AND owner = $2 RETURNING name
        """

    /// Says that readers have moved, and how often statements that name columns were called.
    static let switched = """
        UPDATE sluice.migration SET switched_at = clock_timestamp(), calls = $3::jsonb
        WHERE name = $1 AND owner = $2 RETURNING name
        """

    /// What was counted then.
    static let calls = "SELECT calls FROM sluice.migration WHERE name = $1"

    /// Steps that are done, by their number.
    static let done = "SELECT number FROM sluice.migration_step WHERE migration = $1 ORDER BY 1"

    /// A step is done, while the migration is in one's hands; without a row it is not.
    static let mark = """
        INSERT INTO sluice.migration_step (migration, number)
        SELECT name, $3::integer FROM sluice.migration WHERE name = $1 AND owner = $2
        FOR UPDATE RETURNING number
        """

    /// A step is taken back.
    static let unmark = """
        DELETE FROM sluice.migration_step s USING sluice.migration m
        WHERE s.migration = $1 AND m.name = $1 AND m.owner = $2 AND s.number = $3::integer
        RETURNING s.number
        """

    /// Sessions that hold or wait for locks on a table, oldest transaction first.
    static let blockers = """
        SELECT DISTINCT ON (a.xact_start, a.pid) a.pid::text, coalesce(a.usename, ''),
        coalesce(a.application_name, ''), coalesce(extract(epoch FROM clock_timestamp()
        - a.xact_start)::integer, 0)::text
        FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.relation = to_regclass($1) AND l.granted AND a.pid <> pg_backend_pid()
        ORDER BY a.xact_start, a.pid LIMIT 3
        """

    /// Tells one transaction from the next.
    static let began = "SELECT transaction_timestamp()"

    /// Which session answers, and whether its server is a replica.
    static let server = "SELECT pg_backend_pid(), pg_is_in_recovery()"

    /// How far the session `$1` is with an index: what it does, and the part of it that is done or
    /// whom it waits for.
    static let indexProgress = """
        SELECT phase || CASE WHEN lockers_total > lockers_done AND current_locker_pid > 0
        THEN ', for the transaction of ' || current_locker_pid
        WHEN greatest(blocks_total, tuples_total) > 0 THEN ', ' || CASE WHEN tuples_total > 0
        THEN 100 * tuples_done / tuples_total ELSE 100 * blocks_done / blocks_total END || ' %'
        ELSE '' END FROM pg_stat_progress_create_index WHERE pid = $1::integer
        """

    /// Timeouts that a role or a database may set would end checks of a large table, or the session
    /// while rows are filled.
    static func patience(_ serverVersion: Int) -> [String] {
        var names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
        if serverVersion >= 140_000 { names.append("idle_session_timeout") }
        if serverVersion >= 170_000 { names.append("transaction_timeout") }
        return names.map { "SET \($0) = 0" }
    }

    /// How long a migration stays in the hands of a process that says nothing.
    private static let lease = "interval '30 s'"
}
