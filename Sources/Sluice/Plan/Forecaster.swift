import SluiceCore
import SluicePostgres

/// Makes a forecast of a job.
struct Forecaster: Sendable {
    let connection: PostgresConnection
    /// Longest statement of the probe, in milliseconds.
    let probeMilliseconds: Int

    /// Fewest matching rows of a sample that tell more than the planner's estimate.
    private static let matchingMin = 20
    /// A tuple's header and alignment in an index, and its pointer left out.
    private static let entryHeaderBytes = 8.0
    /// What is known of a row where there are neither statistics nor a probe: a page holds sixty.
    private static let rowBytesUnknown = 128.0

    /// What was found: a forecast, unless the job's own statement says what is written, and what a
    /// person should know of it.
    struct Result: Sendable {
        var forecast: Forecast?
        var warning: String?
        /// Bytes of the tables that grow, and of their indexes, now.
        var tableBytes = 0
        var indexBytes = 0
    }

    /// Reckons; `keys` are the keys of all ranges by estimate.
    func result(
        _ job: PlannedJob, limits: Limits, keys: Int
    ) async throws(PostgresError) -> Result {
        var result = Result()
        let grown = try await sizes(job.target.map { [$0.oid] } ?? job.parts.map(\.oid))
        (result.tableBytes, result.indexBytes) = (Int(grown.table), Int(grown.index))
        guard job.identity.kind != .statement, let part = job.largestParts.first else {
            return result
        }
        var facts = ForecastFacts()
        facts.kind = job.identity.kind
        facts.workers = limits.workers.upperBound
        facts.maxRowsPerSecond = limits.maxRowsPerSecond
        facts.maxWalBytesPerSecond = limits.maxWalBytesPerSecond
        facts.openShare = limits.window?.openShare ?? 1
        facts.server = try await ServerReader(connection: connection).facts()
        let heap = job.target == nil ? grown : try await sizes(job.parts.map(\.oid))
        facts.heapBytes = heap.heap
        var laneFacts = try await LanePlanner(connection: connection).choice(job, part, limits)
            .facts
        facts.isOrdered = part.isPhysical || Self.isOrdered(laneFacts.correlation)
        let pages = try await readWidths(job, part, keys: keys, into: &facts)
        facts.share = try await share(job, part, keys: keys, facts: facts)
        facts.indexes = try await indexes(job, part, of: grown.index)
        let may = try await connection.query(ForecastSQL.mayTry).rows[0]
        let outcome: ForecastProbe.Outcome
        if may[1] == "t" {
            outcome = .unknown("triggers on definitions (event triggers) would fire")
        } else if may[0] != "t", job.identity.kind != .delete {
            outcome = .unknown("this role may make no temporary table (GRANT TEMPORARY)")
        } else {
            outcome = try await ForecastProbe(
                connection: connection, timeoutMilliseconds: probeMilliseconds
            ).measured(job, part: part, pages: pages)
        }
        result.warning = Self.take(outcome, job: job, into: &facts)
        if case .measured = outcome {
            laneFacts.growthBytes = facts.newRowBytes - facts.rowBytes
            laneFacts.freePageBytes = facts.freePageBytes
        }
        if case .lanes(let shape) = LaneChoice.decide(laneFacts, limits.lanes) {
            facts.lanes = shape.count
            facts.leavingShare = shape.leavingShare
            facts.namesRuns = laneFacts.canNameRuns && !part.isPhysical
        }
        result.forecast = ForecastModel(facts).forecast()
        return result
    }

    // MARK: Facts

    private func sizes(
        _ tables: [UInt32]
    ) async throws(PostgresError) -> (table: Double, index: Double, heap: Double) {
        let oids = TextArray.literal(tables.map { "\($0)" })
        let row = try await connection.query(ForecastSQL.sizes, [.text(oids)]).rows[0]
        func number(_ index: Int) -> Double { row[index].flatMap(Double.init) ?? 0 }
        return (number(0), number(1), number(2))
    }

    /// Whether a column's order is that of the pages; what was never analyzed is taken for it.
    private static func isOrdered(_ correlation: Double?) -> Bool {
        correlation.map { abs($0) >= LaneChoice.correlationMin } ?? true
    }

    /// Widths by statistics, and rows; returns the pages of the largest table.
    private func readWidths(
        _ job: PlannedJob, _ part: PlannedPart, keys: Int, into facts: inout ForecastFacts
    ) async throws(PostgresError) -> Int {
        let set = TextArray.literal(
            job.target == nil ? job.identity.assignments.map(\.column) : [])
        let row = try await connection.query(
            ForecastSQL.widths, [.text("\(part.oid)"), .text(set)]
        ).rows[0]
        let pages = Int(row[2] ?? "") ?? 0
        facts.rows = Double(keys)
        if part.driver != nil {
            // Keys are those that match: all rows are as many as the pages hold of them.
            let inPart = try await PlanInspector(connection: connection).estimatedRows(
                SplitSQL(table: part.name, tableOID: part.oid, key: job.key).estimate)
            let perPage = Double(inPart) / Double(max(1, pages))
            facts.rows = max(facts.rows, perPage * facts.heapBytes / facts.server.pageBytes)
        }
        let perPage = Double(pages) * facts.server.pageBytes / max(1, facts.rows)
        let known = row[0].flatMap(Double.init)
        let isLargest = job.parts.count == 1
        let paged = isLargest && facts.rows > 0 && pages > 0 ? perPage - 4 : Self.rowBytesUnknown
        facts.rowBytes = min(known ?? paged, part.isWide ? known ?? paged : max(24, paged))
        facts.newRowBytes = facts.rowBytes + (row[1].flatMap(Double.init) ?? 0)
        return pages
    }

    /// The share of rows that match, as the planner estimates it.
    private func share(
        _ job: PlannedJob, _ part: PlannedPart, keys: Int, facts: ForecastFacts
    ) async throws(PostgresError) -> Double {
        guard let predicate = job.identity.predicate, facts.rows > 0 else { return 1 }
        if part.driver != nil { return min(1, Double(keys) / facts.rows) }
        let source = job.batch(part).source
        let inspector = PlanInspector(connection: connection)
        let all = try await inspector.estimatedRows(
            SplitSQL(table: part.name, tableOID: part.oid, key: job.key).estimate)
        do throws(PostgresError) {
            let lines = try await inspector.explain(
                "(FORMAT JSON)", "SELECT FROM ONLY \(source) WHERE (\n\(predicate)\n)", job: job,
                limits: Limits())
            let matching = PlanInspector.plan(json: lines.joined(separator: "\n"))?.rows ?? all
            return min(1, Double(matching) / Double(max(1, all)))
        } catch {
            guard error.kind == .server else { throw error }
            return 1
        }
    }

    /// The indexes that are written; those of many tables are in the proportions of the largest.
    private func indexes(
        _ job: PlannedJob, _ part: PlannedPart, of bytes: Double
    ) async throws(PostgresError) -> [ForecastFacts.IndexFacts] {
        let oid = job.target?.oid ?? part.oid
        let set = TextArray.literal(job.identity.assignments.map(\.column))
        let rows = try await connection.query(
            ForecastSQL.indexes, [.text("\(oid)"), .text(set)]
        ).rows
        let own = rows.reduce(0) { $0 + ($1[0].flatMap(Double.init) ?? 0) }
        let scale = own > 0 ? max(1, bytes / own) : 1
        return rows.map { row in
            let values = row[1].flatMap(Double.init) ?? 8
            var index = ForecastFacts.IndexFacts(
                bytes: (row[0].flatMap(Double.init) ?? 0) * scale,
                entryBytes: Self.entryHeaderBytes + (values / 8).rounded(.up) * 8)
            index.isTouched = job.target == nil && row[2] == "t"
            index.isOrdered = Self.isOrdered(row[3].flatMap(Double.init))
            return index
        }
    }

    // MARK: The probe

    /// Takes over what a probe found; says what a person should know.
    private static func take(
        _ outcome: ForecastProbe.Outcome, job: PlannedJob, into facts: inout ForecastFacts
    ) -> String? {
        switch outcome {
        case .unknown(let reason):
            facts.basis = .statistics(reason)
            return nil
        case .fails(let message):
            facts.basis = .statistics("the job fails on a row of the sample")
            return "the job fails on a row of the \(job.table.name.shown) that was tried: "
                + "\(message); a run sets such rows aside (--max-quarantine)"
        case .measured(let probe):
            facts.basis = .probe(rows: probe.rows)
            if probe.matching >= matchingMin, job.largestParts.first?.driver == nil {
                facts.share = Double(probe.matching) / Double(max(1, probe.rows))
            }
            if let bytes = probe.rowBytes {
                facts.newRowBytes =
                    (probe.newRowBytes ?? facts.newRowBytes - facts.rowBytes + bytes)
                facts.rowBytes = bytes
                let perPage = Double(probe.rows) / Double(max(1, probe.pages))
                facts.freePageBytes = max(
                    0, facts.server.pageBytes - 24 - perPage * (bytes + 4))
            } else if let bytes = probe.newRowBytes {
                facts.newRowBytes = bytes
            }
            facts.outOfLineBytes = probe.outOfLineBytes
            facts.probeMicroseconds = probe.microseconds
            return nil
        }
    }
}
