import SluicePostgres

/// Copies some of a table's pages, in their order, into an empty table of another database.
struct SampleCopy: Sendable {
    /// The table, as SQL spells it, the same in both.
    let table: String
    /// The columns that are copied.
    let columns: [String]
    /// Rows of the table, by the last count.
    let rowsTotal: Int
    /// Rows that are wanted.
    let rowsWanted: Int
    /// Bytes of the table, its indexes included.
    let bytes: Int
    /// Whether it has partitions, whose rows are the sample's too.
    var isPartitioned = false
    /// How often it is asked whether somebody waits for the table, at the most: for a second others
    /// may, as for a batch.
    var askedEvery = Duration.seconds(1)

    /// Rows that are read and written at once at the most, and their bytes: their text is held in
    /// memory, and the server's answer has an end at 1 GB.
    private static let chunkRows = 2_000
    private static let chunkBytes = 8 << 20
    private static let cursor = "sluice_bench_sample"

    /// What reads the sample: every row where there are no more than wanted, or else all those of
    /// pages that are chosen by chance, the same ones each time, in the order in which they lie.
    ///
    /// No limit cuts it: the last rows of a table are its newest.
    var selection: String {
        let share = Double(rowsWanted * 100) / Double(max(1, rowsTotal))
        let sample =
            share >= 100 ? "" : " TABLESAMPLE SYSTEM (\(share)) REPEATABLE (1)"
        return """
            SELECT (s.*)::text FROM (SELECT \(columns.joined(separator: ", "))
            FROM \(isPartitioned ? "" : "ONLY ")\(table)\(sample)) AS s
            """
    }

    /// Rows that a sample may have: chance chooses pages, and some have more rows than others; far
    /// more are a table of which the statistics know little, and would fill the disk.
    var rowsMost: Int { rowsTotal > 0 ? 2 * min(rowsWanted, Self.rowsTotalMost) + 10_000 : .max }

    /// More rows than anybody has, whose double is a number all the same.
    private static let rowsTotalMost = 1 << 60

    /// Whether somebody waits for a lock that this session holds.
    private static let isWaitedFor = """
        SELECT EXISTS (SELECT FROM pg_locks w WHERE NOT w.granted AND w.pid <> pg_backend_pid()
        AND pg_backend_pid() = ANY (pg_blocking_pids(w.pid)))
        """

    /// Rows of a chunk.
    var chunk: Int {
        max(1, min(Self.chunkRows, Self.chunkBytes / max(1, bytes / max(1, rowsTotal))))
    }

    /// What writes a chunk of it.
    ///
    /// Without the OFFSET every column would read the row's text anew.
    var insertion: String {
        let list = columns.joined(separator: ", ")
        return """
            INSERT INTO \(table) (\(list)) OVERRIDING SYSTEM VALUE
            SELECT \(columns.map { "(r.row).\($0)" }.joined(separator: ", ")) FROM
            (SELECT t::sluice_bench_row AS row FROM unnest($1::text[]) AS t OFFSET 0) AS r
            """
    }

    /// A type for the rows' text: the columns alone, without those that are computed.
    static func rowType(columns: [String], of table: String) -> String {
        """
        CREATE TEMPORARY TABLE sluice_bench_row AS
        SELECT \(columns.joined(separator: ", ")) FROM \(table) LIMIT 0
        """
    }

    /// Both sessions write and read values alike.
    private static let form = """
        SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 3;
        SET bytea_output = hex;
        """

    /// Copies it; how many rows there were.
    ///
    /// The table has an ACCESS SHARE lock meanwhile, and there is a snapshot: whoever waits for the
    /// table, behind whom everybody else would wait, is made way for.
    ///
    /// - Throws: `BenchError` then, and where the table is much larger than its statistics say.
    func run(from source: PostgresConnection, to target: PostgresConnection) async throws -> Int {
        do {
            let copied = try await rows(from: source, to: target)
            _ = try await source.query("ROLLBACK")
            return copied
        } catch {
            // Whoever is made way for does not wait until the session ends.
            _ = try? await source.query("ROLLBACK")
            throw error
        }
    }

    private func rows(
        from source: PostgresConnection, to target: PostgresConnection
    ) async throws -> Int {
        // Another scan's place would be another order.
        _ = try await source.execute(
            script: """
                BEGIN READ ONLY; SET LOCAL synchronize_seqscans = off; \(Self.form)
                DECLARE \(Self.cursor) NO SCROLL CURSOR FOR \(selection)
                """)
        _ = try await target.execute(script: Self.form)
        _ = try await target.query(Self.rowType(columns: columns, of: table))
        var copied = 0
        var asked = ContinuousClock.now
        while true {
            if asked.duration(to: .now) >= askedEvery {
                asked = .now
                guard try await source.query(Self.isWaitedFor).scalar == "f" else {
                    throw BenchError(
                        "somebody waits for the transaction that copies a sample of \(table), for "
                            + "its lock or its snapshot: the benchmark made way; start it again "
                            + "when that is over")
                }
            }
            let rows = try await source.query("FETCH \(chunk) FROM \(Self.cursor)").rows
            guard !rows.isEmpty else { break }
            _ = try await target.query(
                insertion, [.text(Self.array(rows.compactMap { $0[0] }))])
            copied += rows.count
            guard copied <= rowsMost else {
                throw BenchError(
                    "\(table) has far more rows than its statistics say: ANALYZE \(table)")
            }
        }
        return copied
    }

    /// Texts as one value of the type `text[]`.
    static func array(_ texts: [String]) -> String {
        let quoted = texts.map { text in
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }
}
