import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// Whole statements, so that a change of any of them is seen and meant.
@Suite struct SplitSQLTests {
    private func sql(_ key: KeyColumn...) -> SplitSQL {
        SplitSQL(
            table: QualifiedName(schema: "public", name: "docs"), tableOID: 16400, key: key)
    }

    private let at = KeyColumn(name: "at", castType: "pg_catalog.date", arithmetic: .date)
    private let id = KeyColumn(name: "id", castType: "pg_catalog.int8", arithmetic: .integer)

    @Test func whatTheStatisticsKnowComesWithItsPlaceBetweenTheFiniteEnds() {
        #expect(sql(at).points(level: 0) == expectedPoints)
    }

    @Test func boundsAreProbedToKeys() {
        #expect(sql(at).probedValues(level: 0) == expectedValues)
        #expect(sql(id).probedPlaces(level: 0) == expectedPlaces)
    }

    @Test func theRowsOfAFrequentValueAreProbedBelowIt() {
        let inside = sql(id, at).probedValues(level: 1)
        #expect(
            inside.contains(
                "WHERE \"docs\".\"id\" = ($1::text[])[1]::pg_catalog.int8 AND \"docs\".\"at\" >= "
                    + "sluice_want.value::pg_catalog.date\n"
                    + "ORDER BY \"docs\".\"id\", \"docs\".\"at\" LIMIT 1"))
    }

    @Test func aSampleIsFetchedByRowAddresses() {
        #expect(sql(at).sample == expectedSample)
    }

    @Test func cutsAreSortedUnderTheirColumnsCollations() {
        #expect(sql(at).sorted == expectedSorted)
    }
}

private let expectedPoints = """
    WITH sluice_way AS MATERIALIZED (SELECT
    (SELECT "docs"."at" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true
    ORDER BY "docs"."at" LIMIT 1) AS first,
    (SELECT "docs"."at" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true
    ORDER BY "docs"."at" DESC LIMIT 1) AS last,
    (SELECT "docs"."at" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true AND "docs"."at" > '-infinity'::pg_catalog.date AND \
    "docs"."at" < 'infinity'::pg_catalog.date
    ORDER BY "docs"."at" LIMIT 1) AS low,
    (SELECT "docs"."at" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true AND "docs"."at" > '-infinity'::pg_catalog.date AND \
    "docs"."at" < 'infinity'::pg_catalog.date
    ORDER BY "docs"."at" DESC LIMIT 1) AS high),
    sluice_stat AS MATERIALIZED (SELECT s.* FROM pg_catalog.pg_stats s
    JOIN pg_catalog.pg_namespace ns ON ns.nspname = s.schemaname
    JOIN pg_catalog.pg_class c ON c.relnamespace = ns.oid AND c.relname = s.tablename
    WHERE c.oid = 16400 AND s.attname = 'at'
    AND NOT s.inherited),
    sluice_known AS (SELECT b.value, b.mass::float8 AS mass, true AS is_common
    FROM sluice_stat s, unnest(s.most_common_vals::text::pg_catalog.date[],
    s.most_common_freqs) AS b (value, mass)
    UNION ALL SELECT b.value, CASE WHEN b.n > 1 THEN (1 - (SELECT coalesce(sum(f), 0)
    FROM unnest(s.most_common_freqs) AS f))::float8
    / (cardinality(s.histogram_bounds::text::text[]) - 1) ELSE 0 END, false
    FROM sluice_stat s, unnest(s.histogram_bounds::text::pg_catalog.date[])
    WITH ORDINALITY AS b (value, n))
    SELECT k.value::text, greatest(0, k.mass), k.is_common,
    CASE WHEN p.place IS NOT NULL
    THEN round(greatest(0, least(1, p.place)), 12)::float8 END
    FROM sluice_known k, sluice_way w, LATERAL (SELECT (CASE WHEN isfinite(k.value) THEN \
    ((k.value) - date '2000-01-01')::numeric
    WHEN k.value > date '2000-01-01' THEN 'infinity' ELSE '-infinity' END - CASE WHEN \
    isfinite(w.low) THEN ((w.low) - date '2000-01-01')::numeric
    WHEN w.low > date '2000-01-01' THEN 'infinity' ELSE '-infinity' END) / nullif(CASE WHEN \
    isfinite(w.high) THEN ((w.high) - date '2000-01-01')::numeric
    WHEN w.high > date '2000-01-01' THEN 'infinity' ELSE '-infinity' END - CASE WHEN \
    isfinite(w.low) THEN ((w.low) - date '2000-01-01')::numeric
    WHEN w.low > date '2000-01-01' THEN 'infinity' ELSE '-infinity' END, 0) AS place) p
    WHERE k.value >= w.first AND k.value <= w.last
    ORDER BY k.value, k.is_common
    """

private let expectedValues = """
    SELECT sluice_want.n, ARRAY[sluice_key."at"::text]
    FROM unnest($2::text[]) WITH ORDINALITY AS sluice_want (value, n)
    CROSS JOIN LATERAL (SELECT "docs"."at"
    FROM ONLY "public"."docs" WHERE $1::text[] IS NOT NULL AND "docs"."at" >= \
    sluice_want.value::pg_catalog.date
    ORDER BY "docs"."at" LIMIT 1) sluice_key
    """

private let expectedPlaces = """
    SELECT sluice_want.n, ARRAY[sluice_key."id"::text]
    FROM (SELECT p.n, trunc(v.number)::bigint AS value
    FROM (SELECT
    (SELECT "docs"."id" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true
    ORDER BY "docs"."id" LIMIT 1) AS first,
    (SELECT "docs"."id" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true
    ORDER BY "docs"."id" DESC LIMIT 1) AS last,
    (SELECT "docs"."id" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true
    ORDER BY "docs"."id" LIMIT 1) AS low,
    (SELECT "docs"."id" FROM ONLY "public"."docs"
    WHERE $1::text[] IS NOT NULL AND true
    ORDER BY "docs"."id" DESC LIMIT 1) AS high) w, unnest($2::float8[]) WITH ORDINALITY AS p \
    (place, n),
    LATERAL (SELECT (w.low)::numeric + ((w.high)::numeric - (w.low)::numeric) * \
    p.place::numeric AS number) v
    WHERE (w.low)::numeric < (w.high)::numeric) sluice_want
    CROSS JOIN LATERAL (SELECT "docs"."id"
    FROM ONLY "public"."docs" WHERE $1::text[] IS NOT NULL AND "docs"."id" >= sluice_want.value
    ORDER BY "docs"."id" LIMIT 1) sluice_key
    """

private let expectedSample = """
    WITH sluice_sample AS (SELECT "docs"."at",
    row_number() OVER (ORDER BY "docs"."at") AS sluice_n, count(*) OVER () AS sluice_c
    FROM ONLY "public"."docs" WHERE "docs".ctid = ANY (ARRAY(
    SELECT DISTINCT ('(' || b.n * s.blocks / 64 || ',' || o.n || ')')::tid
    FROM (SELECT pg_catalog.pg_relation_size(16400)
    / current_setting('block_size')::integer AS blocks) s,
    generate_series(0, 63) AS b (n),
    generate_series(1, current_setting('block_size')::integer / 28) AS o (n)
    WHERE o.n <= 32 OR o.n % 8 = 0)))
    SELECT ARRAY[s."at"::text] FROM sluice_sample s
    WHERE s.sluice_n * $1::bigint / s.sluice_c <> (s.sluice_n - 1) * $1::bigint / s.sluice_c
    AND s.sluice_n < s.sluice_c
    ORDER BY s.sluice_n
    """

private let expectedSorted = """
    SELECT DISTINCT ON (s.k1) s.n FROM (
    SELECT 0::bigint AS n, "docs"."at" AS k1 FROM ONLY "public"."docs" WHERE false
    UNION ALL SELECT c.n, (c.key ->> 0)::pg_catalog.date
    FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS c (key, n)) s
    WHERE s.k1 > ($2::text[])[1]::pg_catalog.date
    AND s.k1 < ($3::text[])[1]::pg_catalog.date
    ORDER BY s.k1, s.n
    """
