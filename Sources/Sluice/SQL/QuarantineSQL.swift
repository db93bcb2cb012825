import SluiceCore
import SluicePostgres

/// Statements on keys that were set aside.
enum QuarantineSQL {
    /// Whether keys of the run `$1` wait for a person.
    static let remains = """
        EXISTS (SELECT FROM sluice.quarantine q WHERE q.run = $1 AND q.skipped_at IS NULL)
        """

    /// The keys of the run `$1`, the oldest first.
    static let list = """
        SELECT q.number, q.part, q.key, q.sqlstate, q.message,
        to_char(q.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        q.skipped_at IS NOT NULL, p.table_name
        FROM sluice.quarantine q
        LEFT JOIN sluice.part p ON p.run = q.run AND p.number = q.part
        WHERE q.run = $1 ORDER BY q.number
        """

    /// Accepts that keys stay as they are: `$1` run, `$2` numbers.
    static let skip = """
        UPDATE sluice.quarantine SET skipped_at = clock_timestamp()
        WHERE run = $1 AND number = ANY ($2::bigint[]) AND skipped_at IS NULL
        """

    /// Notes what a key failed with this time: `$1` run, `$2` number, `$3` SQLSTATE, `$4` message.
    static let failedAgain = """
        UPDATE sluice.quarantine SET sqlstate = $3, message = $4, at = clock_timestamp(),
        skipped_at = NULL WHERE run = $1 AND number = $2
        """

    /// Brings the exit code of a completed run up to date.
    static let settle = """
        UPDATE sluice.run SET
        exit_code = CASE WHEN rows_missed > 0 OR \(remains) THEN 4 ELSE 0 END,
        updated_at = clock_timestamp() WHERE id = $1 AND state = 'completed'
        """
}

extension BatchSQL {
    /// The key that a batch of one would end at, as a text array: parameters are those of the
    /// fence, whose row is not locked.
    ///
    /// In one transaction before a batch of one that fails, it tells which key failed.
    func peek(firstOfRange: Bool) -> String {
        """
        WITH \(fence(firstOfRange: firstOfRange, lock: "")), \(next(firstOfRange: firstOfRange))
        SELECT ARRAY[\(nextElements)] FROM sluice_end e
        """
    }

    /// Sets the key `$5` aside if it is still the next one, and moves the cursor past it; `$6`
    /// SQLSTATE, `$7` message, `$8` most keys in quarantine, `$9` lease in seconds.
    ///
    /// Tells whether the fence holds, whether the key is the next one, and whether the range is
    /// done with it, NULL where the quarantine is full.
    func quarantine(firstOfRange: Bool) -> String {
        """
        WITH \(fence(firstOfRange: firstOfRange, lock: "\nFOR NO KEY UPDATE")), \
        \(next(firstOfRange: firstOfRange)), sluice_next AS MATERIALIZED (
        SELECT ARRAY[\(nextElements)] AS key, \(endRow("e")) = \(upper) AS finished
        FROM sluice_end e
        ), sluice_found AS MATERIALIZED (
        SELECT n.key, n.finished FROM sluice_next n WHERE n.key = $5::text[]
        AND (SELECT count(*) FROM sluice.quarantine q
        WHERE q.run = $1 AND q.skipped_at IS NULL) < $8::bigint
        ), sluice_aside AS (
        INSERT INTO sluice.quarantine (run, part, key, sqlstate, message)
        SELECT $1, \(part), n.key, $6, $7 FROM sluice_found n
        ), sluice_move AS (
        UPDATE sluice.range r SET "cursor" = n.key, keys_scanned = r.keys_scanned + 1,
        batches = r.batches + 1, state = CASE WHEN n.finished THEN 'done' ELSE 'running' END,
        lease_until = clock_timestamp() + $9::double precision * interval '1 second',
        updated_at = clock_timestamp()
        FROM sluice_found n WHERE r.run = $1 AND r.number = $2
        RETURNING n.finished)
        SELECT EXISTS (SELECT FROM sluice_fence),
        (SELECT n.key = $5::text[] FROM sluice_next n), (SELECT m.finished FROM sluice_move m)
        """
    }

    /// Changes the one row whose key was set aside and takes it out of the quarantine: `$1` run,
    /// `$2` the key's number there.
    ///
    /// Tells how many rows were changed; no row where the key is not in the quarantine, or the
    /// table's name means another one now.
    var retry: String {
        let lower = key.enumerated().map {
            "(SELECT q.key[\($0 + 1)] FROM sluice_row q)::\($1.castType)"
        }
        let change = ChangeSQL(
            table: table, source: source, alias: alias ?? table.name, key: key,
            identity: identity, target: target, lower: lower, upper: lower, isOpenBelow: false,
            isExact: true)
        return """
            WITH sluice_row AS MATERIALIZED (
            SELECT q.key FROM sluice.quarantine q
            WHERE q.run = $1 AND q.number = $2 AND q.part = \(part)
            \(nameClauses)
            FOR UPDATE
            ), \(change.text), sluice_settled AS (
            DELETE FROM sluice.quarantine q WHERE q.run = $1 AND q.number = $2
            AND EXISTS (SELECT FROM sluice_row)
            ), sluice_counted AS (
            UPDATE sluice.range r SET rows_changed = r.rows_changed
            + (SELECT n.rows FROM sluice_count n)
            WHERE r.run = $1 AND r.number = (SELECT min(g.number) FROM sluice.range g
            WHERE g.run = $1) AND EXISTS (SELECT FROM sluice_row))
            SELECT (SELECT n.rows FROM sluice_count n) FROM sluice_row
            """
    }

    // MARK: The pieces

    /// The range's row, if its owner still holds it and the names still mean their tables.
    func fence(firstOfRange: Bool, lock: String, more: String = "") -> String {
        """
        sluice_fence AS MATERIALIZED (
        SELECT r."cursor", r.upper\(more) FROM sluice.range r
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.part = \(part) AND r.state = 'running'
        AND r."cursor" IS \(firstOfRange ? "" : "NOT ")NULL AND r.region_upper IS NULL
        \(nameClauses)\(lock)
        )
        """
    }

    /// The range's next key.
    private func next(firstOfRange: Bool) -> String {
        narrowEnd(ahead: ahead(firstOfRange: firstOfRange), batchKeys: "1::bigint")
    }

    private var nextElements: String { keyTexts("e") }
}
