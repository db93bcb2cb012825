/// What `doctor` asks.
enum DoctorSQL {
    static let server = """
        SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(),
        current_user, pg_catalog.pg_is_in_recovery(),
        coalesce((SELECT s.ssl FROM pg_catalog.pg_stat_ssl s
        WHERE s.pid = pg_catalog.pg_backend_pid()), false),
        pg_catalog.inet_client_addr(), pg_catalog.pg_backend_pid()
        """

    static let settings = """
        SELECT pg_catalog.current_setting('max_connections'),
        (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'),
        (SELECT count(*) FROM pg_catalog.pg_prepared_xacts),
        coalesce((SELECT max(extract(epoch FROM clock_timestamp() - a.xact_start))::bigint
        FROM pg_catalog.pg_stat_activity a WHERE a.backend_xmin IS NOT NULL
        AND a.pid <> pg_catalog.pg_backend_pid()), 0),
        pg_catalog.current_setting('autovacuum')
        """
}
