import SluicePostgres

/// What is asked of the server that has the table.
enum OwnTableSQL {
    /// The table `$1`: its full name, kind, rows by the last counts, indexes, triggers, whether it
    /// may be read, its bytes, its indexes' bytes, the bytes of those of its partitions whose rows
    /// were never counted, and whether tables inherit from it that are no partitions.
    ///
    /// Rows are reckoned as the planner does it: by how many a page had when they were counted, for
    /// the pages that there are now.
    static let table = """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind::text,
        coalesce(l.rows, 0),
        (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid),
        (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
        has_table_privilege(c.oid, 'SELECT'), coalesce(l.bytes, 0), coalesce(l.index_bytes, 0),
        coalesce(l.uncounted, 0),
        c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (SELECT sum(CASE WHEN p.is_counted THEN p.reltuples::numeric / p.relpages
        * p.pages ELSE 0 END)::bigint AS rows, sum(p.bytes) AS bytes,
        sum(p.index_bytes) AS index_bytes,
        sum(p.bytes) FILTER (WHERE NOT p.is_counted) AS uncounted
        FROM (SELECT f.*, f.reltuples >= 0 AND f.relpages > 0 AS is_counted,
        pg_relation_size(f.oid) / current_setting('block_size')::integer AS pages,
        pg_table_size(f.oid) AS bytes, pg_indexes_size(f.oid) AS index_bytes
        FROM pg_class f WHERE f.relkind = 'r' AND (f.oid = c.oid
        OR f.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))) AS p) AS l ON true
        WHERE c.oid = to_regclass($1)
        """

    /// The primary key's columns of the table `$1`, with their types, in the key's order.
    static let primaryKey = """
        SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
        FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indrelid = $1::regclass AND i.indisprimary AND k.place <= i.indnkeyatts
        ORDER BY k.place
        """

    /// The type of the column `$2`, a name without quotes, of the table `$1`.
    static let columnType = """
        SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = $1::regclass AND attname = $2 AND attnum > 0 AND NOT attisdropped
        """

    /// Columns of the table `$1` that can be given values, as SQL spells them, in their order.
    static let columns = """
        SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attnum
        """

    /// Whether this role may make databases, whether the server is a replica, and whether sessions
    /// may only read.
    static let server = """
        SELECT (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user),
        pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on'
        """

    /// How this database has to be made again: its text, as `CREATE DATABASE` spells it; and the
    /// tablespace that its copies lie in, where that is another one.
    ///
    /// A role may name a tablespace only with a privilege for it, the default one's included, and
    /// needs none for where the template lies.
    static func databaseOptions(serverVersion: Int) -> String {
        let locale: String
        switch serverVersion {
        case 170_000...: locale = "d.datlocale"
        case 150_000...: locale = "d.daticulocale"
        default: locale = ""
        }
        let provider =
            locale.isEmpty
            ? "''"
            : """
            CASE d.datlocprovider WHEN 'i' THEN ' LOCALE_PROVIDER icu ICU_LOCALE '
            || quote_literal(\(locale)) \(serverVersion >= 170_000
                ? "WHEN 'b' THEN ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ' "
                    + "|| quote_literal(d.datlocale)" : "") ELSE '' END
            """
        return """
            SELECT ' ENCODING ' || quote_literal(pg_encoding_to_char(d.encoding))
            || ' LC_COLLATE ' || quote_literal(d.datcollate)
            || ' LC_CTYPE ' || quote_literal(d.datctype) || \(provider)
            || CASE WHEN t.oid <> o.oid AND has_tablespace_privilege(t.oid, 'CREATE')
            THEN ' TABLESPACE ' || quote_ident(t.spcname) ELSE '' END,
            CASE WHEN t.oid <> o.oid AND NOT has_tablespace_privilege(t.oid, 'CREATE')
            THEN quote_ident(o.spcname) END
            FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
            JOIN pg_database e ON e.datname = 'template0'
            JOIN pg_tablespace o ON o.oid = e.dattablespace
            WHERE d.datname = current_database()
            """
    }

    /// Tables of this database that this role may not read: as `pg_dump` takes a pattern, as SQL
    /// spells the name, and whether each is a partition of the table `$1`.
    ///
    /// `pg_dump` locks every table that it writes of, for which a role has to be able to read it.
    static let unreadable = """
        SELECT quote_ident(n.nspname) || '.' || CASE WHEN has_schema_privilege(n.oid, 'USAGE')
        THEN quote_ident(c.relname) ELSE '*' END,
        quote_ident(n.nspname) || '.' || quote_ident(c.relname),
        c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema'
        AND n.nspname !~ '^pg_' AND NOT (has_schema_privilege(n.oid, 'USAGE')
        AND has_table_privilege(c.oid, 'SELECT')) ORDER BY 1, 2
        """

    /// What this database sets for its sessions, and for this role's in it, each as `name=value`;
    /// its timeouts are off in a benchmark.
    static let databaseSettings = """
        SELECT e.setting FROM pg_db_role_setting s
        JOIN pg_database d ON d.oid = s.setdatabase CROSS JOIN unnest(s.setconfig) AS e (setting)
        WHERE d.datname = current_database() AND (s.setrole = 0 OR s.setrole =
        (SELECT oid FROM pg_roles WHERE rolname = current_user))
        AND e.setting NOT LIKE '%timeout=%' ORDER BY s.setrole
        """

    /// Settings of the server that decide what writing costs.
    static let settings = """
        SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('autovacuum',
        'checkpoint_timeout', 'fsync', 'full_page_writes', 'max_wal_size', 'shared_buffers',
        'synchronous_commit', 'wal_compression', 'wal_level')
        """

    /// Says for as long as the session lasts that the benchmark with the number `$1` is under way.
    static let announce = "SELECT pg_advisory_lock(\(lockClass), $1)"

    /// Numbers of benchmarks that are under way, from any database.
    static let underWay = """
        SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = \(lockClass)
        """

    /// Databases that benchmarks made, and not what somebody else gave such a name.
    static func made(prefix: String) -> String {
        """
        SELECT datname FROM pg_database
        WHERE datname ~ \(Literal.quoted("^\(prefix)[0-9]+_(template|copy)$")) ORDER BY datname
        """
    }

    /// "slub", in ASCII: advisory locks have no names.
    private static let lockClass = 0x736C_7562
}
