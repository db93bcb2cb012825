import SluicePostgres

/// Statements about schemas of views.
enum ShapeSQL {
    /// The first version whose views can read as whoever asks does.
    static let invokerVersion = 150_000

    /// The role that asks, by its number: a cast of its name would read that as SQL does.
    private static let whoAsks = "(SELECT oid FROM pg_roles WHERE rolname = current_user)"

    /// Whether the schema `$1` is there.
    static let schemaExists = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"

    /// Whether the table `$1` has row-level security, and privileges on single columns.
    static let security = """
        SELECT c.relrowsecurity, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attnum > 0 AND a.attacl IS NOT NULL) FROM pg_class c WHERE c.oid = $1::regclass
        """

    /// What the schema `$1` holds: name, kind, a view's query, whether this role owns it.
    static let relations = """
        SELECT c.relname, c.relkind::text,
        CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END, pg_has_role(c.relowner, 'USAGE')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind NOT IN ('i', 'I', 'c', 'S') ORDER BY c.relname
        """

    /// Statements that give roles what they have on the view `$1` of the schema `$2`.
    static let grants = """
        SELECT format(s.form, CASE a.grantee WHEN 0 THEN 'PUBLIC'
        ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
        FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a,
        LATERAL (VALUES
        ('GRANT USAGE ON SCHEMA ' || replace($2, '%', '%%') || ' TO %s'),
        ('GRANT ' || a.privilege_type || ' ON ' || replace($1, '%', '%%') || ' TO %s')) AS s (form)
        WHERE c.oid = $1::regclass AND a.grantee <> \(whoAsks)
        AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') ORDER BY 1
        """

    /// Makes views, and their schema where it is not there.
    static func make(_ schema: String, _ views: [ShapeView], isInvoker: Bool) -> [String] {
        let name = Identifier(schema).quoted
        let option = isInvoker ? " WITH (security_invoker = true)" : ""
        return ["CREATE SCHEMA IF NOT EXISTS \(name)"]
            + views.flatMap { view in
                ["CREATE VIEW \(view.spelled)\(option) AS \(view.query)"] + grant(view, name)
            }
    }

    /// Whoever may use the table may use its view, by a statement that grants as it finds them.
    private static func grant(_ view: ShapeView, _ schema: String) -> [String] {
        guard view.table != view.spelled else { return view.grants }
        let body = """
             DECLARE g record; BEGIN
            FOR g IN SELECT a.privilege_type AS privilege, CASE a.grantee WHEN 0 THEN 'PUBLIC'
            ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
            FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
            WHERE c.oid = \(Literal.quoted(view.table))::regclass
            AND a.grantee <> \(whoAsks)
            AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') LOOP
            EXECUTE format('GRANT %s ON %s TO %s', g.privilege, \(Literal.quoted(view.spelled)),
            g.grantee);
            EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', \(Literal.quoted(schema)), g.grantee);
            END LOOP; END
            """
        return ["DO " + DollarQuote.around(body)]
    }

    /// Drops views; and their schema where it is ours, once nothing is in it.
    static func drop(_ schema: String, _ views: [ShapeView], withSchema: Bool) -> [String] {
        let body = """
             BEGIN DROP SCHEMA IF EXISTS \(Identifier(schema).quoted);
            EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL; END
            """
        return views.map { "DROP VIEW IF EXISTS \($0.spelled)" }
            + (withSchema ? ["DO " + DollarQuote.around(body)] : [])
    }

    /// Views in the schema `$1` that are made of another relation of it.
    static let nested = """
        SELECT DISTINCT v.relname FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
        JOIN pg_rewrite r ON r.ev_class = v.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass
        JOIN pg_class c ON c.oid = d.refobjid AND c.relnamespace = n.oid AND c.oid <> v.oid
        WHERE n.nspname = $1 ORDER BY 1
        """

    /// Views in the schema `$1` that are called otherwise than `$2` and made of the column `$4` of
    /// the table `$3`.
    static let strays = """
        SELECT DISTINCT v.relname FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
        JOIN pg_rewrite r ON r.ev_class = v.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $3::regclass
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE n.nspname = $1 AND v.relname <> $2 AND a.attname = $4 ORDER BY 1
        """
}
