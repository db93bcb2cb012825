import Sluice

/// What a verification found, for people.
enum VerifyText {
    /// Most rows that are named to a person, as many as a screen holds; JSON has more of them.
    private static let rowsShownMax = 20

    /// One sentence.
    static func sentence(_ report: VerifyReport) -> String {
        if let problem = report.ledgerProblem {
            return "the ledger does not prove the run: \(problem); rows of those keys may not have "
                + "been visited"
        }
        if let reason = report.reason {
            return "proven by the ledger only, since \(reason): its ranges join up, and each of "
                + "\(Format.count(report.keysScanned, "key")) was visited once"
        }
        let repaired =
            report.rowsRepaired > 0 ? Format.count(report.rowsRepaired, "row") + " repaired; " : ""
        let scope = report.isFull ? "" : " in a sample"
        guard report.rowsWrong > 0 else {
            let rows = Format.count(report.rowsCompared, "row")
            return repaired + "verified: \(rows)\(scope) compared, all are as the job says"
        }
        let verb = report.rowsWrong == 1 ? "is" : "are"
        return repaired + "\(Format.count(report.rowsWrong)) of "
            + "\(Format.count(report.rowsCompared, "row"))\(scope) \(verb) not as the job says: "
            + kinds(report)
    }

    /// The sentence and the rows, one a line.
    static func text(_ report: VerifyReport) -> String {
        let shown = report.rows.prefix(rowsShownMax)
        var lines = [sentence(report)] + shown.map(line)
        let more = report.rowsWrong - shown.count
        if more > 0 { lines.append("  and \(Format.count(more)) more") }
        if !report.isComplete { lines.append("interrupted: this is only what was read so far") }
        return lines.joined(separator: "\n")
    }

    /// How far it is.
    static func line(_ progress: VerifyProgress) -> String {
        let share =
            progress.blocksTotal > 0
            ? Double(progress.blocksRead) / Double(progress.blocksTotal) * 100 : 100
        var line = "verifying · \(Format.percent(share))"
        if progress.rowsWrong > 0 { line += " · \(Format.count(progress.rowsWrong)) wrong" }
        if let reason = progress.waitingFor { line += " · waiting: \(reason)" }
        return Printable.clean(line)
    }

    private static func kinds(_ report: VerifyReport) -> String {
        var kinds: [String] = []
        if report.rowsMissed > 0 {
            kinds.append("\(Format.count(report.rowsMissed)) missed by the run")
        }
        if report.rowsWrittenSince > 0 {
            kinds.append(
                "\(Format.count(report.rowsWrittenSince)) written since it began (by the "
                    + "application, a trigger or by hand)")
        }
        if report.rowsFailed > 0 {
            kinds.append("\(Format.count(report.rowsFailed)) that cannot be computed or changed")
        }
        return kinds.joined(separator: ", ")
    }

    private static func line(_ row: WrongRow) -> String {
        let key = row.key.count == 1 ? row.key[0] : "(" + row.key.joined(separator: ", ") + ")"
        let why =
            switch row.why {
            case .missed: "missed by the run"
            case .writtenSince: "written since the run began"
            case .failed: row.message ?? "cannot be computed"
            }
        return "  \(Printable.clean(row.table)) \(Printable.clean(key))  \(Printable.clean(why))"
    }
}
