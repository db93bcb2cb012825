/// The ledger's schema, one entry for each version, applied in order and never edited afterwards.
enum LedgerMigrations {
    /// The version this program needs.
    static var version: Int { all.count }

    /// Key of the advisory lock under which the ledger is created or upgraded: "sluice" in ASCII.
    static let advisoryLockKey: Int64 = 0x73_6C75_6963_65

    /// Scripts; the index plus one is the version that each leads to.
    static let all = [
        version1, version2, version3, version4, version5, version6, version7, version8,
        version9, version10,
    ]

    /// Ranges carry a low fill factor: their rows are updated at each batch, and room in the page
    /// keeps those updates off the index.
    private static let version1 = """
        CREATE TABLE sluice.ledger (
            version integer NOT NULL,
            upgraded_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE TABLE sluice.run (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL,
            kind text NOT NULL,
            table_oid oid NOT NULL,
            table_name text NOT NULL,
            set_columns text[] NOT NULL,
            set_expressions text[] NOT NULL,
            predicate text,
            key_columns text[] NOT NULL,
            settings jsonb NOT NULL,
            state text NOT NULL CHECK (state IN
                ('planned', 'running', 'paused', 'cancelled', 'completed', 'failed')),
            exit_code integer,
            error text,
            workers_min integer NOT NULL,
            workers_max integer NOT NULL,
            batch_keys integer NOT NULL,
            max_lag_seconds double precision,
            lock_timeout_ms integer NOT NULL,
            statement_timeout_ms integer NOT NULL,
            synchronous_commit boolean NOT NULL,
            keys_total_estimate bigint NOT NULL DEFAULT 0,
            range_count integer NOT NULL DEFAULT 0,
            timeline integer,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            started_at timestamptz,
            updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            finished_at timestamptz
        );
        CREATE UNIQUE INDEX run_unfinished ON sluice.run (name)
            WHERE state IN ('planned', 'running', 'paused');
        CREATE TABLE sluice.range (
            run bigint NOT NULL REFERENCES sluice.run ON DELETE CASCADE,
            number integer NOT NULL,
            lower text[],
            upper text[] NOT NULL,
            "cursor" text[],
            state text NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'running', 'done')),
            owner uuid,
            epoch bigint NOT NULL DEFAULT 0,
            lease_until timestamptz,
            keys_estimate bigint NOT NULL,
            keys_scanned bigint NOT NULL DEFAULT 0,
            rows_changed bigint NOT NULL DEFAULT 0,
            batches integer NOT NULL DEFAULT 0,
            updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (run, number)
        ) WITH (fillfactor = 20);
        CREATE TABLE sluice.process (
            owner uuid PRIMARY KEY,
            run bigint NOT NULL REFERENCES sluice.run ON DELETE CASCADE,
            host text NOT NULL,
            pid integer NOT NULL,
            pooled boolean NOT NULL,
            workers integer NOT NULL DEFAULT 0,
            batch_keys integer NOT NULL DEFAULT 0,
            waiting_for text,
            replica_lag_seconds double precision,
            rows_per_second double precision,
            started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            lease_until timestamptz NOT NULL
        ) WITH (fillfactor = 20);
        CREATE TABLE sluice.quarantine (
            run bigint NOT NULL REFERENCES sluice.run ON DELETE CASCADE,
            key text[] NOT NULL,
            sqlstate text NOT NULL,
            message text NOT NULL,
            at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (run, key)
        );
        CREATE TABLE sluice.event (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            run bigint NOT NULL REFERENCES sluice.run ON DELETE CASCADE,
            at timestamptz NOT NULL DEFAULT clock_timestamp(),
            owner uuid,
            kind text NOT NULL,
            detail text
        );
        CREATE INDEX event_run ON sluice.event (run, id);
        INSERT INTO sluice.ledger (version) VALUES (1);
        """

    /// Kinds of job beside the update, runs over several tables, batches bounded by bytes.
    ///
    /// The number of the run's newest range has a row of its own, which is locked last and for a
    /// moment: who splits a range waits for its batch, and must not hold the run's row meanwhile.
    private static let version2 = """
        ALTER TABLE sluice.run ADD COLUMN detail jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN batch_bytes bigint NOT NULL DEFAULT 16777216;
        CREATE TABLE sluice.part (
            run bigint NOT NULL REFERENCES sluice.run ON DELETE CASCADE,
            number integer NOT NULL,
            table_oid oid NOT NULL,
            table_name text NOT NULL,
            gone_at timestamptz,
            PRIMARY KEY (run, number)
        );
        INSERT INTO sluice.part (run, number, table_oid, table_name)
            SELECT id, 1, table_oid, table_name FROM sluice.run;
        CREATE TABLE sluice.numbering (
            run bigint PRIMARY KEY REFERENCES sluice.run ON DELETE CASCADE,
            last integer NOT NULL
        ) WITH (fillfactor = 20);
        INSERT INTO sluice.numbering (run, last)
            SELECT id, range_count FROM sluice.run WHERE started_at IS NOT NULL;
        ALTER TABLE sluice.range ADD COLUMN part integer NOT NULL DEFAULT 1;
        INSERT INTO sluice.ledger (version) VALUES (2);
        """

    /// The quarantine in use.
    ///
    /// Its rows have numbers: a key of 2,700 bytes, which an index of the table may hold, would be
    /// too long for one over its text.
    private static let version3 = """
        ALTER TABLE sluice.run ADD COLUMN max_quarantine integer NOT NULL DEFAULT 100;
        ALTER TABLE sluice.quarantine DROP CONSTRAINT quarantine_pkey,
            ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            ADD COLUMN part integer NOT NULL DEFAULT 1,
            ADD COLUMN skipped_at timestamptz;
        CREATE INDEX quarantine_run ON sluice.quarantine (run);
        INSERT INTO sluice.ledger (version) VALUES (3);
        """

    /// What verification found, and since which transaction rows were written by others.
    private static let version4 = """
        ALTER TABLE sluice.run ADD COLUMN start_snapshot text,
            ADD COLUMN verified_at timestamptz,
            ADD COLUMN verification jsonb,
            ADD COLUMN rows_missed bigint NOT NULL DEFAULT 0;
        INSERT INTO sluice.ledger (version) VALUES (4);
        """

    /// Batches that size themselves, and limits that are off by default; what an older version
    /// began keeps the batches that it was given.
    private static let version5 = """
        ALTER TABLE sluice.run ADD COLUMN batch_auto boolean NOT NULL DEFAULT false,
            ADD COLUMN throttle jsonb NOT NULL DEFAULT '{}';
        ALTER TABLE sluice.process ADD COLUMN limited_by text;
        INSERT INTO sluice.ledger (version) VALUES (5);
        """

    /// Regions that are filled in lanes.
    private static let version6 = """
        ALTER TABLE sluice.range ADD COLUMN region_upper text[],
            ADD COLUMN region_lanes integer,
            ADD COLUMN region_divisor bigint,
            ADD COLUMN region_lane integer,
            ADD COLUMN lane_cursor text[],
            ADD COLUMN is_merged boolean NOT NULL DEFAULT false,
            ADD COLUMN merged_from text[],
            ADD COLUMN regions integer NOT NULL DEFAULT 0;
        INSERT INTO sluice.ledger (version) VALUES (6);
        """

    /// Ranges of a table's pages.
    ///
    /// Each claim asks whether any of a part is left: without the index of all ranges, of which a
    /// table with thousands of partitions has as many.
    private static let version7 = """
        ALTER TABLE sluice.range ADD COLUMN is_physical boolean NOT NULL DEFAULT false;
        ALTER TABLE sluice.part ADD COLUMN is_physical boolean NOT NULL DEFAULT false;
        CREATE INDEX range_pages ON sluice.range (run, part) WHERE is_physical;
        INSERT INTO sluice.ledger (version) VALUES (7);
        """

    /// What was reckoned of a run before it began, and how its rows were changed: within their page
    /// or not, in lanes or not, NULL for ranges of before these were counted.
    private static let version8 = """
        ALTER TABLE sluice.run ADD COLUMN forecast jsonb;
        ALTER TABLE sluice.range ADD COLUMN rows_hot bigint,
            ADD COLUMN rows_in_lanes bigint;
        ALTER TABLE sluice.range ALTER COLUMN rows_hot SET DEFAULT 0,
            ALTER COLUMN rows_in_lanes SET DEFAULT 0;
        INSERT INTO sluice.ledger (version) VALUES (8);
        """

    /// Migrations of a schema, and which of their steps are done.
    private static let version9 = """
        CREATE TABLE sluice.migration (
            name text PRIMARY KEY,
            checksum text NOT NULL,
            file text NOT NULL,
            plan jsonb NOT NULL,
            state text NOT NULL CHECK (state IN ('starting', 'started', 'switched',
                'completing', 'completed', 'rolling back', 'rolled back')),
            owner text,
            lease_until timestamptz,
            session_pid integer,
            session_start timestamptz,
            search_path text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            switched_at timestamptz,
            calls jsonb
        );
        CREATE TABLE sluice.migration_step (
            migration text NOT NULL REFERENCES sluice.migration ON DELETE CASCADE,
            number integer NOT NULL,
            done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (migration, number)
        );
        INSERT INTO sluice.ledger (version) VALUES (9);
        """

    /// How wide a region's lanes are, NULL for equal ones, and how many keys it began with where
    /// its batches name the ends of runs of them.
    private static let version10 = """
        ALTER TABLE sluice.range ADD COLUMN region_slots integer[],
            ADD COLUMN region_keys bigint;
        INSERT INTO sluice.ledger (version) VALUES (10);
        """
}
