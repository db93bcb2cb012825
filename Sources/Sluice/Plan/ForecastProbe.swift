import SluiceCore
import SluicePostgres

/// Tries a job on a copy of a few pages' rows, in a transaction that is rolled back.
struct ForecastProbe: Sendable {
    let connection: PostgresConnection
    /// Longest statement of the probe, in milliseconds.
    let timeoutMilliseconds: Int

    /// For `plan`, whose reader waits, and for `run`, whose rows do.
    static let planMilliseconds = 1_000
    static let runMilliseconds = 150

    /// Pages that are read, spread over the table: some thousand rows, for at most 32 random reads.
    private static let pagesMost = 32
    /// Bytes that are copied of rows with values out of line.
    private static let bytesMost = 4_194_304.0
    /// Most rows that are copied, and fewest of a wide table.
    private static let rowsBounds = 16...4_000
    /// Longest wait for a lock, in milliseconds: the probe is nothing to wait for.
    private static let lockMilliseconds = 100
    /// Fewest rows of which a time is taken: the first statement's planning is not theirs.
    private static let timedRowsMin = 200

    /// What was found.
    enum Outcome: Sendable, Equatable {
        case measured(Measured)
        /// Nothing, and why.
        case unknown(String)
        /// The job fails on a row of the sample, with the server's words.
        case fails(String)
    }

    /// What a copy tells.
    struct Measured: Sendable, Equatable {
        /// Rows in the pages that were read, and those that match the predicate.
        var rows = 0
        var matching = 0
        var pages = 0
        /// Bytes of a row, of a new one, and of what is written out of line for each.
        var rowBytes: Double?
        var newRowBytes: Double?
        var outOfLineBytes = 0.0
        /// Microseconds of one row's change.
        var microseconds: Double?
    }

    /// Tries the job on its largest table.
    func measured(
        _ job: PlannedJob, part: PlannedPart, pages: Int
    ) async throws(PostgresError)
        -> Outcome
    {
        guard pages > 0 else { return .unknown("the table is empty") }
        let sql = ProbeSQL(
            job: job, part: part, blocks: Self.blocks(pages),
            rowsMost: part.isWide
                ? max(
                    Self.rowsBounds.lowerBound,
                    Int(min(Double(Self.rowsBounds.upperBound), Self.bytesMost / bytes(part))))
                : Self.rowsBounds.upperBound)
        let outcome: Outcome
        do throws(PostgresError) {
            outcome = try await tried(sql)
        } catch {
            // Nothing is left of it: the session is idle again, its transaction rolled back.
            guard error.kind == .server else { throw error }
            return Self.outcome(of: error, milliseconds: timeoutMilliseconds)
        }
        return outcome
    }

    /// What a row of a wide table weighs, or before that is known as much as a page holds eight of.
    private func bytes(_ part: PlannedPart) -> Double { max(64, part.bytesPerRow ?? 65_536) }

    private func tried(_ sql: ProbeSQL) async throws(PostgresError) -> Outcome {
        let settings = settings(of: sql.job)
        let seen = try await connection.transact(
            opening: [
                Statement(BatchSettingsSQL.begin), BatchSettingsSQL.timeout(timeoutMilliseconds),
                BatchSettingsSQL.local(settings),
            ],
            [Statement(sql.view), Statement(ProbeSQL.doubtful)], timeout: .seconds(30))
        let doubtful = (seen.results.last?.rows ?? []).compactMap { $0[0] }
        guard doubtful.isEmpty else {
            _ = try await connection.query("ROLLBACK")
            return .unknown(
                "\(doubtful.joined(separator: ", ")) may change something, and is not tried")
        }
        let kind = sql.job.identity.kind
        var statements = kind == .delete ? [] : [Statement(sql.table)]
        statements += [Statement(ProbeSQL.readOnly), Statement(sql.count)]
        let first = statements.count
        if kind != .delete {
            statements += [Statement(sql.measure), Statement(sql.fill), Statement(sql.measure)]
        }
        if kind == .update { statements += [Statement(sql.change), Statement(sql.measure)] }
        statements.append(Statement("ROLLBACK"))
        let answer = try await connection.transact(
            opening: [], statements, timeout: .seconds(30))
        let counted = answer.results[first - 1].rows[0]
        var measured = Measured()
        measured.rows = Int(counted[0] ?? "") ?? 0
        measured.matching = Int(counted[1] ?? "") ?? 0
        measured.pages = sql.blocks.reduce(0) { $0 + $1.count }
        if kind != .delete {
            Self.read(Array(answer.results[first...]), kind: kind, into: &measured)
        }
        return measured.rows > 0 ? .measured(measured) : .unknown("its pages hold no row")
    }

    /// A batch's settings with the probe's patience.
    private func settings(of job: PlannedJob) -> [Setting] {
        Self.patient(
            BatchSettingsSQL.batch(
                job.session.settings, limits: limits, serverVersion: connection.serverVersion))
    }

    /// Patience for each statement, but not for what lies between two of them.
    ///
    /// The server would end the session, and with it the run's beginning, for a slow network or a
    /// busy client.
    static func patient(_ settings: [Setting]) -> [Setting] {
        settings.map { setting in
            ["idle_in_transaction_session_timeout", "transaction_timeout"].contains(setting.name)
                ? Setting(setting.name, "\(BatchSettingsSQL.ledgerTimeoutMilliseconds)") : setting
        }
    }

    private var limits: Limits {
        Limits(
            lockTimeoutMilliseconds: min(Self.lockMilliseconds, timeoutMilliseconds),
            statementTimeoutMilliseconds: timeoutMilliseconds)
    }

    /// What the copy's sizes before, between and after tell.
    private static func read(
        _ results: [QueryResult], kind: JobKind, into measured: inout Measured
    ) {
        let sizes = results.compactMap { $0.rows.first }.map(Sizes.init)
        let filled = Double(results[1].affectedRows)
        guard sizes.count > 1, filled > 0 else { return }
        measured.rowBytes = sizes[1].perRow(filled)
        var (before, after, rows) = (sizes[0], sizes[1], filled)
        if kind == .update {
            guard sizes.count > 2, results[3].affectedRows > 0 else { return }
            (before, after, rows) = (sizes[1], sizes[2], Double(results[3].affectedRows))
            if let old = sizes[1].rowBytes, let new = sizes[2].rowBytes {
                measured.newRowBytes = old / filled + (new - old) / rows
            } else {
                measured.newRowBytes = max(0, after.heap - before.heap) / rows
            }
        } else {
            measured.newRowBytes = measured.rowBytes
            measured.rowBytes = nil
        }
        measured.outOfLineBytes = max(0, after.outOfLine - before.outOfLine) / rows
        if rows >= Double(timedRowsMin) {
            measured.microseconds = max(0, after.seconds - before.seconds) / rows * 1e6
        }
    }

    /// One answer of ``ProbeSQL/measure``.
    private struct Sizes {
        let heap: Double
        let outOfLine: Double
        let rowBytes: Double?
        let seconds: Double

        init(_ row: [String?]) {
            heap = Double(row[0] ?? "") ?? 0
            outOfLine = Double(row[1] ?? "") ?? 0
            rowBytes = row[2].flatMap(Double.init)
            seconds = Double(row[3] ?? "") ?? 0
        }

        func perRow(_ rows: Double) -> Double { (rowBytes ?? heap) / rows }
    }

    /// Pages spread over the table, or all of it.
    static func blocks(_ pages: Int) -> [Range<Int>] {
        if pages <= pagesMost { return [0..<pages] }
        return (0..<pagesMost).map { number in
            let block = Int(Double(number) / Double(pagesMost) * Double(pages))
            return block..<(block + 1)
        }
    }

    /// What an error of the server says of the job.
    static func outcome(of error: PostgresError, milliseconds: Int) -> Outcome {
        let message = ExpressionCheck.message(error)
        let state = error.sqlState?.rawValue ?? ""
        switch state {
        case "57014": return .unknown("a probe takes more than \(milliseconds) ms")
        case "55P03": return .unknown("the table is locked")
        case "25006": return .unknown("an expression writes, which a probe does not let it")
        case "42501": return .unknown("this role may not: \(message)")
        // What the batches would set aside: a value, a constraint.
        case _ where state.hasPrefix("22") || state.hasPrefix("23"): return .fails(message)
        default: return .unknown(message)
        }
    }
}
