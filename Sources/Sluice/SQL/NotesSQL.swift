/// Questions about what a change of rows sets off.
enum NotesSQL {
    /// Names of the triggers of the table `$1` that fire for each row of the event with the bit
    /// `$2`, under the states `$3`: origin and always, or, when silenced, replica and always.
    static let triggers = """
        SELECT string_agg(pg_catalog.quote_ident(t.tgname), ', ' ORDER BY t.tgname)
        FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1::pg_catalog.oid AND NOT t.tgisinternal
        AND t.tgenabled::text = ANY ($3::text[]) AND t.tgtype & 1 <> 0
        AND t.tgtype & $2::integer <> 0
        """

    /// Bits of `tgtype`.
    static let insertEvent = 4
    static let deleteEvent = 8
    static let updateEvent = 16

    /// Foreign keys that refer to the table `$1`: name, referring table, what happens on delete,
    /// and whether an index begins with its columns.
    ///
    /// Those that a partition has from its parent count once, at the parent.
    static let references = """
        SELECT pg_catalog.quote_ident(k.conname), k.conrelid::regclass::text, k.confdeltype,
        EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid
        AND i.indpred IS NULL AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
        FROM pg_catalog.pg_constraint k
        WHERE k.contype = 'f' AND k.confrelid = $1::pg_catalog.oid
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p
        WHERE p.oid = k.conparentid AND p.confrelid = k.confrelid)
        ORDER BY 2, 1
        """
}
