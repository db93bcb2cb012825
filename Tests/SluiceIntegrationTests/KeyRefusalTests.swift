import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// A key that cannot be walked is refused with the reason and the way out.
@Suite(.timeLimit(.minutes(12))) struct KeyRefusalTests {
    /// What makes the table, the key asked for, and words of the refusal.
    static let cases: [(make: String, key: [String]?, words: [String])] = [
        (
            "CREATE UNIQUE INDEX u ON t (a) WHERE b > 0", ["a"],
            ["u is partial (WHERE (b > 0))", "without WHERE", "or use --key id"]
        ),
        (
            "CREATE UNIQUE INDEX u ON t (lower(c))", ["c"],
            ["u is on the expression lower(c)", "plain columns"]
        ),
        (
            "CREATE UNIQUE INDEX u ON t (a); ALTER TABLE t ALTER a DROP NOT NULL", ["a"],
            ["column a of index u may be NULL", "SET NOT NULL"]
        ),
        (
            "CREATE UNIQUE INDEX u ON t (a); UPDATE pg_index SET indisvalid = false "
                + "WHERE indexrelid = 'u'::regclass", ["a"],
            ["u is invalid", "REINDEX INDEX CONCURRENTLY u"]
        ),
        ("CREATE INDEX u ON t (a)", ["a"], ["u is not unique"]),
        ("CREATE UNIQUE INDEX u ON t (a)", ["u"], ["--key a"]),
        ("CREATE UNIQUE INDEX u ON t (a DESC, b)", ["a", "b"], ["order of its own"]),
        ("SELECT 1", ["b", "a"], ["no unique index of public.t on exactly (b, a)", "--key id"]),
        (
            "CREATE UNIQUE INDEX u ON t (loose)", ["loose"],
            ["loose (loose)", "nondeterministic", "choose another key"]
        ),
        (
            "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (loose)", nil,
            ["t_pkey", "nondeterministic"]
        ),
        ("ALTER TABLE t DROP CONSTRAINT t_pkey", nil, ["no primary key", "CONCURRENTLY"]),
        (
            "ALTER TABLE t DROP CONSTRAINT t_pkey; CREATE UNIQUE INDEX u ON t (a) WHERE b > 0",
            nil, ["u is partial"]
        ),
    ]

    @Test(arguments: cases.indices)
    func whatIsWrongWithTheIndexIsSaid(index: Int) async throws {
        let (make, key, words) = Self.cases[index]
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);
                CREATE TABLE t (id bigint PRIMARY KEY, a integer NOT NULL, b integer NOT NULL,
                c text NOT NULL, loose text COLLATE loose NOT NULL, n integer);
                \(make);
                """)
            var job = increment
            job.key = key
            let error = await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.plan(job)
            }
            #expect(error?.kind == .refused)
            for word in words {
                #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
            }
        }
    }
}
