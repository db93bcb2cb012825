import SluicePostgres

/// A table that waits as a template, and what it has to look like when it is filled.
struct BenchTable: Sendable {
    /// The scenario's name.
    let name: String
    /// What it is, in a few words.
    let title: String
    /// The table of one's own and what is done to it, which stay the same from one count of its
    /// rows to the next; `nil` for a scenario.
    var work: String?
    /// What strategies are told.
    let job: FillJob
    /// Rows of the table.
    let rows: Int
    /// Rows that are to be filled.
    let rowsDue: Int
    /// What goes on beside.
    let conditions: Conditions
    /// Reads every row once, so that all strategies find the same in memory.
    let warmSQL: String
    /// Rows that are not as they should be, rows in all, and a digest of all, where that is known.
    let checkSQL: String
    /// What the digest has to be; not judged without.
    var digest: String?

    /// The table of a scenario with so many rows.
    init(_ scenario: Scenario, rows: Int) {
        name = scenario.name
        title = scenario.title
        job = scenario.job
        self.rows = rows
        rowsDue = scenario.rowsDue(of: rows)
        conditions = scenario.conditions
        warmSQL = "SELECT count(*) FROM \(scenario.job.table) WHERE note <> ''"
        checkSQL = ScenarioSQL.check(scenario)
    }

    /// A table of which a sample was copied.
    init(
        title: String, work: String, job: FillJob, rows: Int, rowsDue: Int, warmSQL: String,
        checkSQL: String,
        digest: String?
    ) {
        name = BenchReport.ownTable
        self.title = title
        self.work = work
        self.job = job
        self.rows = rows
        self.rowsDue = rowsDue
        conditions = .none
        self.warmSQL = warmSQL
        self.checkSQL = checkSQL
        self.digest = digest
    }

    /// Reads every row.
    ///
    /// - Throws: `BenchError` where one is not as it should be.
    func check(_ connection: PostgresConnection) async throws {
        let row = try await connection.query(checkSQL).rows.first
        let wrong = row?[0].flatMap { Int($0) } ?? -1
        let all = row?[1].flatMap { Int($0) } ?? -1
        guard wrong == 0, all == rows else {
            throw BenchError(
                "\(wrong) of \(all) rows are not as they should be (\(rows) were made)")
        }
        if let digest, digest != row?[2] {
            throw BenchError("the values are not those that one UPDATE of all rows gives")
        }
    }
}
