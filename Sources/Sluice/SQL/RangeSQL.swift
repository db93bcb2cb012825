/// Statements by which workers take, keep and give back ranges.
enum RangeSQL {
    /// Application name of every connection of one process in one run: the run and the owner, so
    /// that others can see whether a process still has a session, and end a dead one's.
    static func applicationName(run: Int64, owner: String) -> String {
        "sluice \(run) \(owner)"
    }

    /// Processes of the run that can still commit something: one of their sessions is left, or
    /// that cannot be seen because a connection pooler stands between.
    private static let alive = """
        alive AS MATERIALIZED (SELECT p.owner FROM sluice.process p WHERE p.run = $1
        AND (p.pooled OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
        WHERE a.application_name = 'sluice ' || p.run || ' ' || p.owner)))
        """

    /// Claims the first free range: `$1` run, `$2` owner, `$3` lease in seconds.
    ///
    /// Keys of a table that goes by its pages are swept when no page of it is left.
    ///
    /// Free is what nobody holds, what a process holds of which nothing is left, and what has an
    /// expired lease (a batch at work holds the row's lock, and locked rows are skipped). The run
    /// row is locked against a cancel at the same moment, which would not see this claim.
    static let claim = """
        WITH open AS MATERIALIZED (SELECT FROM sluice.run WHERE id = $1 AND state = 'running'
        FOR SHARE), \(alive), free AS (SELECT r.number, r.state FROM sluice.range r
        WHERE r.run = $1 AND EXISTS (SELECT FROM open)
        AND (r.state = 'pending' OR (r.state = 'running' AND (r.lease_until < clock_timestamp()
        OR r.owner NOT IN (SELECT a.owner FROM alive a))))
        AND (r.is_physical OR NOT EXISTS (SELECT FROM sluice.range g WHERE g.run = $1
        AND g.is_physical AND g.part = r.part AND g.state <> 'done'))
        ORDER BY r.number LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE sluice.range r SET state = 'running', owner = $2, epoch = r.epoch + 1,
        lease_until = clock_timestamp() + $3::double precision * interval '1 second',
        updated_at = clock_timestamp()
        FROM free WHERE r.run = $1 AND r.number = free.number
        RETURNING r.number, r.epoch, r."cursor" IS NOT NULL, r.batches, r.part,
        r.region_upper IS NOT NULL, r.is_physical
        """

    /// Ranges that somebody works on, the one with most ahead of it first; `$1` run, `$2` how many.
    ///
    /// A region that is filled in lanes is its owner's. Estimates may be wrong, so among those with
    /// nothing left by estimate chance decides.
    static let busiest = """
        SELECT r.number, r.part, coalesce(r.region_upper, r."cursor"), r.upper, r.is_physical,
        r.keys_estimate
        FROM sluice.range r
        WHERE r.run = $1 AND r.state = 'running'
        ORDER BY greatest(0, r.keys_estimate - r.keys_scanned) DESC, random() LIMIT $2
        """

    /// Ranges that are not done; a run whose ranges are not fixed yet counts as one.
    static let unfinished = """
        SELECT (SELECT count(*) FROM sluice.range WHERE run = $1 AND state <> 'done')
        + (SELECT count(*) FROM sluice.run WHERE id = $1 AND started_at IS NULL)
        """

    /// A session that has something of the ledger locked; one that only has the name may have got
    /// it from a pooler, which leaves a dead client's name to the next that brings none.
    private static let holds = """
        EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.relation IN
        ('sluice.run'::pg_catalog.regclass, 'sluice.range'::pg_catalog.regclass)
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
        WHERE d.datname = pg_catalog.current_database()))
        """

    /// Ends sessions that hold a range whose lease is over: those of processes whose own lease is
    /// over, and those that wait for the rest of their transaction for ten seconds (a healthy
    /// one waits for milliseconds, and no timeout of the server ends one that is half received).
    static let endZombies = """
        SELECT pg_catalog.pg_terminate_backend(a.pid), a.pid, p.owner
        FROM sluice.process p JOIN pg_catalog.pg_stat_activity a
        ON a.application_name = 'sluice ' || p.run || ' ' || p.owner
        WHERE p.run = $1 AND a.usename = current_user AND a.state <> 'idle'
        AND (p.lease_until < clock_timestamp() OR (a.wait_event = 'ClientRead'
        AND a.state_change < clock_timestamp() - interval '10 seconds'))
        AND \(holds) AND EXISTS (SELECT FROM sluice.range r WHERE r.run = $1
        AND r.owner = p.owner AND r.state = 'running' AND r.lease_until < clock_timestamp())
        """

    /// Ends every session that holds something of the run and belongs to this role; runs of other
    /// databases have the same numbers.
    static let endSessions = """
        SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
        WHERE a.application_name LIKE 'sluice ' || $1::bigint || ' %'
        AND a.datname = pg_catalog.current_database() AND \(holds)
        AND a.usename = current_user AND a.pid <> pg_catalog.pg_backend_pid()
        """

    /// Locks the range's row and reads it again, with a new epoch: `$1` run, `$2` number, `$3`
    /// owner, `$4` epoch.
    ///
    /// Only the lock settles what an interrupted COMMIT did. What the lost session had sent and the
    /// server has not begun misses the fence from then on, and so does whoever holds the same epoch
    /// since a crash of the server lost a claim that was not durable. If the answer is lost too,
    /// the range is nobody's until its lease is over, as with a claim whose answer is lost.
    static let reattach = """
        UPDATE sluice.range r SET epoch = r.epoch + 1, updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running'
        RETURNING r.number, r.epoch, r."cursor" IS NOT NULL, r.batches, r.part,
        r.region_upper IS NOT NULL, r.is_physical
        """

    /// Gives a range back.
    static let release = """
        UPDATE sluice.range SET state = 'pending', owner = NULL, lease_until = NULL,
        updated_at = clock_timestamp()
        WHERE run = $1 AND number = $2 AND owner = $3 AND epoch = $4 AND state = 'running'
        """

    /// Moves what is left of a range to a fresh row, held by the same owner (the run's row is
    /// locked before the range's, in the order in which a cancel does it): the old row, whose
    /// many dead versions slow the fence down, ends at its cursor.
    ///
    /// `$5` is the lease in seconds.
    static let renew = """
        WITH open AS MATERIALIZED (SELECT FROM sluice.run WHERE id = $1 FOR NO KEY UPDATE),
        old AS MATERIALIZED (SELECT r."cursor", r.upper, r.keys_estimate, r.keys_scanned, r.part,
        r.is_physical FROM sluice.range r WHERE EXISTS (SELECT FROM open)
        AND r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' AND r."cursor" IS NOT NULL AND r.region_upper IS NULL
        FOR NO KEY UPDATE),
        counted AS (UPDATE sluice.numbering SET last = last + 1
        WHERE run = $1 AND EXISTS (SELECT FROM old) RETURNING last),
        ended AS (UPDATE sluice.range r SET upper = (SELECT "cursor" FROM old), state = 'done',
        keys_estimate = r.keys_scanned, updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM counted))
        INSERT INTO sluice.range (run, number, part, lower, upper, "cursor", state, owner, epoch,
        lease_until, keys_estimate, is_physical)
        SELECT $1, c.last, o.part, o."cursor", o.upper, o."cursor", 'running', $3, 1,
        clock_timestamp() + $5::double precision * interval '1 second',
        greatest(0, o.keys_estimate - o.keys_scanned), o.is_physical FROM old o, counted c
        RETURNING number, epoch, true, batches, part, false, is_physical
        """

    // MARK: Processes

    static let register = """
        INSERT INTO sluice.process (owner, run, host, pid, pooled, lease_until)
        VALUES ($1, $2, $3, $4, $5,
        clock_timestamp() + $6::double precision * interval '1 second')
        """

    /// The heartbeat: `$2` lease in seconds, then what status shows of this process.
    static let heartbeat = """
        UPDATE sluice.process SET seen_at = clock_timestamp(),
        lease_until = clock_timestamp() + $2::double precision * interval '1 second',
        workers = $3, batch_keys = $4, waiting_for = $5, replica_lag_seconds = $6,
        rows_per_second = $7, limited_by = $8 WHERE owner = $1
        """

    /// Gives back whatever the process still holds: `$1` run, `$2` owner.
    static let releaseAll = """
        UPDATE sluice.range SET state = 'pending', owner = NULL, lease_until = NULL,
        updated_at = clock_timestamp() WHERE run = $1 AND owner = $2 AND state = 'running'
        """

    static let unregister = "DELETE FROM sluice.process WHERE owner = $1"
}
