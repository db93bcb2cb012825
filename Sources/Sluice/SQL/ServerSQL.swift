/// What a server is set to.
enum ServerSQL {
    /// The settings of ``ServerFacts``, in its order: bytes, seconds and shares.
    static let facts = """
        SELECT current_setting('block_size')::bigint, current_setting('full_page_writes') = 'on',
        current_setting('wal_compression') <> 'off', current_setting('wal_level') = 'logical',
        pg_catalog.pg_size_bytes(current_setting('max_wal_size')),
        current_setting('checkpoint_completion_target'),
        extract(epoch FROM current_setting('checkpoint_timeout')::interval),
        pg_catalog.pg_size_bytes(current_setting('wal_keep_size')),
        EXISTS (SELECT FROM pg_catalog.pg_replication_slots),
        pg_catalog.pg_size_bytes(current_setting('max_slot_wal_keep_size')),
        pg_catalog.pg_size_bytes(current_setting('effective_cache_size'))
        """
}
