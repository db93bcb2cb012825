import Sluice
import SluiceCore

/// How runs stand, for people.
enum StatusText {
    /// A line for each run.
    static func table(_ statuses: [RunStatus], _ terminal: Terminal) -> String {
        guard !statuses.isEmpty else { return "no runs in this database" }
        let head = [
            "RUN", "JOB", "TABLE", "STATE", "PERCENT", "ROWS/S", "ETA", "WORKERS", "LAG", "WAITING",
        ]
        let rows = statuses.map(row)
        let widths = head.indices.map { column in
            ([head] + rows).map { Printable.columns($0[column]) }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                // Numbers to the right, words to the left.
                let padding = String(
                    repeating: " ", count: max(0, widths[column] - Printable.columns(cell)))
                let isNumber = column == 0 || (4...8).contains(column)
                text += (column > 0 ? "  " : "") + (isNumber ? padding + cell : cell + padding)
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        let heading = Style.dim.paint(line(head), terminal.hasColour)
        return ([heading] + rows.map(line)).joined(separator: "\n")
    }

    private static func row(_ status: RunStatus) -> [String] {
        [
            "\(status.run)", Printable.clean(status.job), Printable.clean(status.table),
            status.state.rawValue,
            (status.percentIsEstimate ? "~" : "") + Format.percent(ProgressFrame.percent(status)),
            status.rowsPerSecond.map { Format.count(Int(max(0, min($0, 1e15)).rounded())) } ?? "–",
            eta(status), "\(status.workers)",
            status.replicaLagSeconds.map(Format.duration) ?? "–",
            Printable.fit(Printable.clean(status.waitingFor ?? ""), columns: 60),
        ]
    }

    private static func eta(_ status: RunStatus) -> String {
        guard status.state == .running, let seconds = status.etaSeconds else { return "–" }
        return Format.duration(seconds)
    }

    /// Everything about one run.
    static func detail(_ status: RunStatus, _ terminal: Terminal) -> String {
        let percent = Format.percent(ProgressFrame.percent(status))
        var lines: [(String, String)] = [
            ("run", "\(status.run)"), ("job", status.job), ("kind", status.kind.rawValue),
            ("table", status.table),
            ("state", status.state.rawValue),
            ("progress", percent + (status.percentIsEstimate ? " (estimate)" : "")),
            ("keys", ProgressWords.keys(status)),
            ("rows \(status.kind.done)", Format.count(status.rowsChanged)),
        ]
        if let shares = ForecastText.shares(status) { lines.append(("how", shares)) }
        if status.rowsQuarantined > 0 {
            lines.append(("quarantined", Format.count(status.rowsQuarantined)))
        }
        if let rate = status.rowsPerSecond { lines.append(("rate", Format.rate(rate))) }
        if status.state == .running { lines.append(("ETA", eta(status))) }
        lines += [
            ("workers", workers(status)),
            ("batch", Format.count(status.batchKeys) + " keys"),
        ]
        if !status.processNames.isEmpty {
            lines.append(("processes", status.processNames.joined(separator: ", ")))
        }
        if let lag = status.replicaLagSeconds {
            lines.append(("replica lag", Format.duration(lag)))
        }
        if let reason = status.waitingFor { lines.append(("waiting for", reason)) }
        if let limit = status.limitedBy { lines.append(("limited by", limit)) }
        if let error = status.error { lines.append(("error", error)) }
        if let seconds = status.elapsedSeconds {
            lines.append(("elapsed", Format.duration(seconds)))
        }
        if let time = status.startedAt { lines.append(("started", time)) }
        if let time = status.updatedAt { lines.append(("updated", time)) }
        if let time = status.verifiedAt {
            let missed = status.rowsMissed ?? 0
            let found = missed == 0 ? "no row was missed" : Format.count(missed, "row") + " missed"
            lines.append(("verified", "\(time), \(found)"))
        }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { name, value in
            Style.dim.paint(Printable.padded(name, to: width), terminal.hasColour) + "  "
                + Printable.clean(value)
        }.joined(separator: "\n")
    }

    private static func workers(_ status: RunStatus) -> String {
        guard status.processes > 0 else { return "none" }
        let processes = status.processes == 1 ? "1 process" : "\(status.processes) processes"
        return "\(status.workers) in \(processes)"
    }
}
