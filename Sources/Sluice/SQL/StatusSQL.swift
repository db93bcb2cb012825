/// What `status` reads.
enum StatusSQL {
    private static let body = """
        SELECT r.id, r.name, r.table_name, r.state, r.error,
        p.done, p.scanned_open, p.estimate_open, p.changed, p.unfinished = 0 AND p.ranges > 0,
        (SELECT count(*) FROM sluice.quarantine q WHERE q.run = r.id
        AND q.skipped_at IS NULL),
        l.workers, l.batch_keys, l.lag, l.rate, l.waiting, l.processes,
        r.batch_keys, to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        to_char(greatest(r.updated_at, p.updated, l.seen) AT TIME ZONE 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r.exit_code,
        extract(epoch FROM coalesce(r.finished_at, p.updated) - r.started_at), r.kind,
        coalesce(l.names, '{}'), r.rows_missed,
        to_char(r.verified_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        l.limited, p.hot, p.in_lanes, p.by_pages
        FROM sluice.run r
        LEFT JOIN LATERAL (\(looked)) w ON true
        LEFT JOIN LATERAL (SELECT
        coalesce(sum(keys_scanned) FILTER (WHERE state = 'done'), 0) AS done,
        coalesce(sum(keys_scanned) FILTER (WHERE state <> 'done'), 0) AS scanned_open,
        coalesce(sum(greatest(keys_estimate, keys_scanned)) FILTER (WHERE state <> 'done'
        AND (is_physical OR NOT part = ANY (w.looked))), 0) AS estimate_open,
        coalesce(sum(rows_changed), 0) AS changed,
        CASE WHEN count(rows_hot) = count(*) THEN sum(rows_hot) END AS hot,
        CASE WHEN count(rows_in_lanes) = count(*) THEN sum(rows_in_lanes) END AS in_lanes,
        count(*) FILTER (WHERE state <> 'done') AS unfinished, count(*) AS ranges,
        coalesce(sum(keys_scanned) FILTER (WHERE is_physical), 0) AS by_pages,
        max(updated_at) AS updated FROM sluice.range WHERE run = r.id) p ON true
        LEFT JOIN LATERAL (SELECT coalesce(sum(workers), 0) AS workers,
        max(batch_keys) AS batch_keys, max(replica_lag_seconds) AS lag,
        sum(rows_per_second) AS rate, min(waiting_for) AS waiting,
        min(limited_by) AS limited, count(*) AS processes,
        max(seen_at) AS seen,
        array_agg(host || ' pid ' || pid ORDER BY host, pid)::text[] AS names
        FROM sluice.process WHERE run = r.id AND \(isAlive)) l ON true
        """

    /// Parts that go by their pages and whose keys nobody has walked along: one look at their rows
    /// is expected to end the sweep, so that its keys are no work that is ahead.
    private static let looked = """
        SELECT ARRAY(SELECT g.part FROM sluice.range g WHERE g.run = r.id GROUP BY g.part
        HAVING bool_or(g.is_physical)
        AND coalesce(sum(g.keys_scanned) FILTER (WHERE NOT g.is_physical), 0) = 0) AS looked
        """

    /// Whether the process of a row of `sluice.process` is at work.
    static let isAlive = """
        lease_until > clock_timestamp() AND (pooled OR EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity a
        WHERE a.application_name = 'sluice ' || run || ' ' || owner))
        """

    static let all = body + "\nORDER BY r.id DESC LIMIT 100"
    static let one = body + "\nWHERE r.id = $1"
}
