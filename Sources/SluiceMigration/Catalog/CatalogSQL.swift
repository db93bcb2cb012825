import SluicePostgres

/// What is asked of the catalogs.
enum CatalogSQL {
    /// The table `$1`: its full name, schema, name, kind, and whether this role owns it.
    static let table = """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), n.nspname, c.relname,
        c.relkind::text, pg_has_role(c.relowner, 'USAGE'), c.oid
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass($1)
        """

    /// The columns of the table `$1`: spelled, plain, type, NOT NULL, default.
    static let columns = """
        SELECT quote_ident(a.attname), a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        -- Of PostgreSQL's own types these have no equality, nor have arrays and domains of them.
        NOT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_type b ON b.oid IN (t.typbasetype, t.typelem)
        WHERE t.oid = a.atttypid
        AND coalesce(b.typname, t.typname) IN ('json', 'xml', 'point', 'polygon')),
        a.attgenerated <> '', a.attacl IS NOT NULL, col_description(a.attrelid, a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    /// What depends on a column, its own default left out; what is behind a view's rule is the
    /// view.
    ///
    /// `besideKey`: without the table's primary key, keys that refer to it, and the column's own
    /// sequence.
    /// `leavingOut`: without views in that schema.
    static func dependents(
        _ table: String, _ column: String, besideKey: Bool, leavingOut schema: String? = nil
    ) -> String {
        let views =
            schema.map {
                """
                AND NOT EXISTS (SELECT FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
                WHERE v.oid = r.ev_class AND n.nspname = \(Literal.quoted($0)))
                """
            } ?? ""
        let key =
            besideKey
            ? """
            AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT FROM pg_constraint k
            WHERE k.oid = d.objid AND (k.conrelid = d.refobjid AND k.contype = 'p'
            OR k.confrelid = d.refobjid AND k.contype = 'f')))
            AND NOT (d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
            """ : ""
        return """
            SELECT DISTINCT CASE WHEN r.oid IS NOT NULL THEN 'view ' || r.ev_class::regclass::text
            ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS what
            FROM pg_depend d JOIN pg_attribute a
            ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            WHERE d.refclassid = 'pg_class'::regclass
            AND d.refobjid = \(Literal.quoted(table))::regclass
            AND a.attname = \(Literal.quoted(column))
            AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS (
            SELECT FROM pg_attrdef f WHERE f.oid = d.objid AND f.adrelid = a.attrelid
            AND f.adnum = a.attnum))
            -- NOT NULL is a constraint of its own from 18 on, and goes with the column.
            AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
            SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.contype = 'n'))
            -- What is made for the way.
            AND pg_describe_object(d.classid, d.objid, d.objsubid) NOT LIKE '%sluice\\_%'
            \(key) \(views) ORDER BY what
            """
    }

    /// A query for `true` while nothing depends on a column but what is named.
    static func dependsOnly(_ table: String, _ column: String, _ allowed: [String]) -> String {
        let names = allowed.map { Literal.quoted($0) }.joined(separator: ", ")
        let others = allowed.isEmpty ? "" : " WHERE w.what NOT IN (\(names))"
        return """
            SELECT NOT EXISTS (SELECT FROM (\(dependents(table, column, besideKey: false))) AS w\
            \(others))
            """
    }

    /// What refers to the table `$1` from elsewhere: foreign keys and views.
    static let referrers = """
        SELECT 'constraint ' || k.conname || ' of ' || k.conrelid::regclass::text AS what
        FROM pg_constraint k WHERE k.confrelid = $1::regclass AND k.conrelid <> k.confrelid
        UNION SELECT 'view ' || r.ev_class::regclass::text FROM pg_depend d
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::regclass
        AND r.ev_class <> d.refobjid ORDER BY what
        """

    /// Statements that give roles on the view `$2` what they have on the table `$1`.
    static let grants = """
        SELECT format('GRANT %s ON %s TO %s%s', g.privilege_type, $2::text,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.oid = $1::regclass AND g.grantee <> c.relowner
        AND g.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        UNION SELECT format('GRANT %s (%s) ON %s TO %s', g.privilege_type,
        quote_ident(a.attname), $2::text, CASE g.grantee WHEN 0 THEN 'PUBLIC'
        ELSE quote_ident(pg_get_userbyid(g.grantee)) END)
        FROM pg_attribute a, aclexplode(a.attacl) g WHERE a.attrelid = $1::regclass ORDER BY 1
        """

    /// The primary key of the table `$1`: its name, a column a row, its sequence, its identity.
    static let primaryKey = """
        SELECT quote_ident(k.conname), quote_ident(a.attname),
        pg_get_serial_sequence($1, a.attname), a.attidentity::text, k.condeferrable,
        (SELECT format('INCREMENT BY %s CACHE %s%s', q.seqincrement, q.seqcache,
        CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END) FROM pg_sequence q
        WHERE q.seqrelid = pg_get_serial_sequence($1, a.attname)::regclass)
        FROM pg_constraint k CROSS JOIN unnest(k.conkey) WITH ORDINALITY AS n (number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number
        WHERE k.conrelid = $1::regclass AND k.contype = 'p' ORDER BY n.place
        """

    /// Keys that refer to the table `$1`, its own included: table, name, definition, whether it was
    /// checked, whether the table is partitioned, whether this role owns it.
    static let referringKeys = """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(k.conname),
        pg_get_constraintdef(k.oid), k.convalidated, c.relkind = 'p',
        pg_has_role(c.relowner, 'USAGE') FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.confrelid = $1::regclass AND k.contype = 'f' AND k.conparentid = 0
        ORDER BY 1, 2
        """

    /// The partitions of the table `$1`, itself first: name, name without its schema, schema,
    /// whether it has partitions itself, its number, its parent's.
    static let partitions = """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relname, n.nspname,
        c.relkind = 'p', p.relid::oid::text, p.parentrelid::oid::text FROM pg_partition_tree($1) p
        JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') ORDER BY p.level, c.relname
        """

    /// Triggers before rows of the table `$1` that fire after the one called `$2`.
    static let laterTriggers = """
        SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal
        AND tgtype & 3 = 3 AND tgname COLLATE "C" > $2::name COLLATE "C"
        AND tgname NOT LIKE '~sluice\\_%' ORDER BY tgname COLLATE "C"
        """

    /// Functions whose text names the column `$1`, a word, and triggers of the table `$2` that call
    /// them; ours left out.
    static let functionsNaming = """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prokind IN ('f', 'p')
        AND p.proname NOT LIKE 'sluice\\_%' AND p.prosrc ~* \(word("$1"))
        AND p.prosrc ~* \(word("$2")) ORDER BY 1
        """

    /// A pattern for a name as a word, whatever is in it.
    static func word(_ name: String) -> String {
        "('\\m' || regexp_replace(\(name), '(\\W)', '\\\\\\1', 'g') || '\\M')"
    }

    /// Whether an index is there and can be used.
    static func isIndexValid(_ name: String) -> String {
        """
        SELECT coalesce((SELECT indisvalid FROM pg_index
        WHERE indexrelid = to_regclass(\(Literal.quoted(name)))), false)
        """
    }
}
