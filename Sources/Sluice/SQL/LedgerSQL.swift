import SluiceCore

/// Statements on the ledger that concern a run as a whole.
enum LedgerSQL {
    // MARK: The ledger itself

    /// Asks the catalog itself: `to_regclass` may answer from a cache that a session which waited
    /// for the lock below has not brought up to date.
    static let exists = """
        SELECT EXISTS (SELECT FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'sluice' AND c.relname = 'ledger')
        """
    static let version = "SELECT max(version) FROM sluice.ledger"

    /// The processes that are at work on any run, as a person knows them.
    static let processesAtWork = """
        SELECT string_agg(host || ' pid ' || pid, ', ' ORDER BY host, pid)
        FROM sluice.process WHERE \(StatusSQL.isAlive)
        """
    static let lock = "SELECT pg_catalog.pg_advisory_xact_lock($1)"
    static let mayCreate = """
        SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
        pg_catalog.to_regnamespace('sluice') IS NOT NULL,
        coalesce(pg_catalog.has_schema_privilege(
        pg_catalog.to_regnamespace('sluice')::oid, 'CREATE'), false),
        pg_catalog.quote_ident(pg_catalog.current_database()), pg_catalog.quote_ident(current_user)
        """

    // MARK: Runs

    static let runColumns = """
        id, name, kind, table_oid, table_name, set_columns, set_expressions, predicate, \
        key_columns, settings, state, exit_code, error, workers_min, workers_max, batch_keys, \
        max_lag_seconds, lock_timeout_ms, statement_timeout_ms, synchronous_commit, \
        batch_bytes, max_quarantine, batch_auto, throttle, keys_total_estimate, timeline, \
        detail, start_snapshot
        """

    static let runByID = "SELECT \(runColumns) FROM sluice.run WHERE id = $1"

    /// The newest run of a name.
    static let runByName = """
        SELECT \(runColumns) FROM sluice.run WHERE name = $1 ORDER BY id DESC LIMIT 1
        """

    static let createRun = """
        INSERT INTO sluice.run (name, kind, table_oid, table_name, set_columns, set_expressions,
        predicate, key_columns, settings, state, workers_min, workers_max, batch_keys,
        max_lag_seconds, lock_timeout_ms, statement_timeout_ms, synchronous_commit, batch_bytes,
        max_quarantine, batch_auto, throttle, timeline, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'planned', $10, $11, $12, $13, $14, $15, $16,
        $17, $18, $19, $20, $21, $22)
        RETURNING \(runColumns)
        """

    /// Cancels the unfinished run of a name.
    ///
    /// ``takeRanges`` follows as a statement of its own, which sees the claims that this one waited
    /// for.
    static let cancelByName = """
        UPDATE sluice.run SET state = 'cancelled', exit_code = 3,
        finished_at = clock_timestamp(), updated_at = clock_timestamp()
        WHERE name = $1 AND state IN ('planned', 'running', 'paused') RETURNING id
        """

    /// What is there at this moment.
    static let snapshot = "SELECT pg_catalog.pg_current_snapshot()::text"

    /// Writes the planned parts and ranges and opens the run to workers, unless another process
    /// did so first.
    ///
    /// `$2` holds the ranges as a JSON array of `[part, lower or null, upper, estimate, is
    /// physical]`, `$3` the keys in all by estimate, `$4` how many ranges there are, `$5` the parts
    /// as a JSON array of `[number, OID, name, is physical]`, `$6` what was reckoned of the run,
    /// `$7` the snapshot of before the last keys were read.
    ///
    /// It tells what was there at that moment, after the wait for writers, from what was written
    /// since: one of this moment would have rows that are above the bounds count as there.
    static let startRun = """
        WITH opened AS (UPDATE sluice.run SET state = 'running', started_at = clock_timestamp(),
        updated_at = clock_timestamp(), keys_total_estimate = $3, range_count = $4,
        forecast = $6::jsonb,
        start_snapshot = $7
        WHERE id = $1 AND state = 'planned' RETURNING id),
        parts AS (INSERT INTO sluice.part (run, number, table_oid, table_name, is_physical)
        SELECT o.id, (p.part ->> 0)::integer, (p.part ->> 1)::oid, p.part ->> 2,
        (p.part ->> 3)::boolean
        FROM opened o, jsonb_array_elements($5::jsonb) AS p (part)),
        numbering AS (INSERT INTO sluice.numbering (run, last) SELECT o.id, $4 FROM opened o)
        INSERT INTO sluice.range (run, number, part, lower, upper, "cursor", keys_estimate,
        is_physical)
        SELECT o.id, p.n, (p.range ->> 0)::integer, b.lower, b.upper, b.lower,
        (p.range ->> 3)::bigint, (p.range ->> 4)::boolean
        FROM opened o, jsonb_array_elements($2::jsonb) WITH ORDINALITY AS p (range, n)
        JOIN LATERAL (SELECT
        CASE WHEN p.range -> 1 = 'null' THEN NULL
        ELSE ARRAY(SELECT jsonb_array_elements_text(p.range -> 1)) END AS lower,
        ARRAY(SELECT jsonb_array_elements_text(p.range -> 2)) AS upper) b ON true
        """

    /// Completes the run if every range is done.
    ///
    /// Synchronous: asynchronous commits of batches before it are on disk with it. A row only for
    /// the process that completed it.
    static let completeRun = """
        UPDATE sluice.run SET state = 'completed', error = NULL,
        exit_code = CASE WHEN \(QuarantineSQL.remains) THEN 4 ELSE 0 END,
        finished_at = clock_timestamp(), updated_at = clock_timestamp()
        WHERE id = $1 AND state IN ('running', 'paused') AND started_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM sluice.range WHERE run = $1 AND state <> 'done')
        RETURNING id
        """

    /// Ends or interrupts a run: `$2` state, `$3` exit code, `$4` error.
    static let stopRun = """
        UPDATE sluice.run SET state = $2, exit_code = $3, error = $4,
        updated_at = clock_timestamp(),
        finished_at = CASE WHEN $2 IN ('failed', 'cancelled') THEN clock_timestamp() END
        WHERE id = $1 AND state IN ('planned', 'running', 'paused')
        RETURNING state
        """

    /// Takes every range of the run from its owner, so that nothing in flight can commit.
    static let takeRanges = """
        UPDATE sluice.range SET epoch = epoch + 1, owner = NULL, lease_until = NULL,
        state = 'pending' WHERE run = $1 AND state = 'running'
        """

    static let reopenRun = """
        UPDATE sluice.run SET
        state = CASE WHEN started_at IS NULL THEN 'planned' ELSE 'running' END,
        exit_code = NULL, error = NULL, finished_at = NULL, updated_at = clock_timestamp()
        WHERE id = $1 AND state IN ('planned', 'running', 'paused', 'failed', 'cancelled')
        RETURNING state
        """

    static let setLimits = """
        UPDATE sluice.run SET workers_min = $2, workers_max = $3, batch_keys = $4,
        max_lag_seconds = $5, lock_timeout_ms = $6, statement_timeout_ms = $7,
        synchronous_commit = $8, batch_bytes = $9, max_quarantine = $10,
        batch_auto = $11, throttle = $12, updated_at = clock_timestamp() WHERE id = $1
        """

    /// Keeps what the application's statements take alone, for all processes of the run, unless one
    /// measured it first or a budget or probe (`$3`) came that it is not for.
    static let keepForeground = """
        UPDATE sluice.run SET throttle = throttle
        || jsonb_build_object('foreground_alone_seconds', $2::double precision)
        WHERE id = $1 AND coalesce((throttle ->> 'foreground_alone_seconds')::double precision,
        'Infinity') > $2::double precision
        AND throttle -> 'foreground_budget_multiple' IS NOT NULL
        AND throttle ->> 'foreground_probe' IS NOT DISTINCT FROM $3
        """

    /// Forgets it where no process is at work: it is of another hour, or another day.
    static let forgetForeground = """
        UPDATE sluice.run SET throttle = throttle - 'foreground_alone_seconds'
        WHERE id = $1 AND throttle -> 'foreground_alone_seconds' IS NOT NULL
        AND NOT EXISTS (SELECT FROM sluice.process WHERE run = $1 AND \(StatusSQL.isAlive))
        """

    static let raiseTimeline = """
        UPDATE sluice.run SET timeline = $2 WHERE id = $1 AND (timeline IS NULL OR timeline < $2)
        """

    static let event = """
        INSERT INTO sluice.event (run, owner, kind, detail) VALUES ($1, $2, $3, $4)
        """
}
