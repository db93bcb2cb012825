import Sluice
import SluiceCore

/// The live view's panel: a pure function of how the run stands and of the terminal.
struct ProgressFrame {
    let columns: Int
    let hasColour: Bool

    /// Narrower than this a bar says nothing.
    static let columnsMin = 8
    /// Past this a bar only makes the eye travel.
    static let barColumnsMax = 60

    /// The lines of the panel, none wider than the terminal.
    func lines(_ status: RunStatus) -> [String] {
        let width = max(Self.columnsMin, columns)
        var lines = wrap(heading(status), width)
        lines.append(bar(status, width))
        lines += wrap(figures(status), width)
        if status.waitingFor == nil, status.state == .running, let limit = status.limitedBy {
            let text = Printable.fit("limited by " + Printable.clean(limit), columns: width)
            lines.append(Style.dim.paint(text, hasColour))
        }
        if let reason = status.waitingFor {
            let text = Printable.fit("waiting: " + Printable.clean(reason), columns: width)
            lines.append(Style.yellow.paint(text, hasColour))
        }
        return lines
    }

    /// The whole panel as text.
    func text(_ status: RunStatus) -> String {
        lines(status).joined(separator: "\n")
    }

    // MARK: Parts

    private func heading(_ status: RunStatus) -> [Segment] {
        [
            Segment(Printable.clean(status.job), .bold), Segment("run \(status.run)", .dim),
            Segment(Printable.clean(status.table), .dim),
        ] + state(status.state)
    }

    /// The state in its colour, unless it is the usual one.
    private func state(_ state: RunState) -> [Segment] {
        switch state {
        case .running: []
        case .completed: [Segment(state.rawValue, .green)]
        case .failed: [Segment(state.rawValue, .red)]
        case .planned, .paused, .cancelled: [Segment(state.rawValue, .yellow)]
        }
    }

    /// The bar and its percent: `████████▌░░░░░  57.3 % (estimate)`.
    private func bar(_ status: RunStatus, _ width: Int) -> String {
        var label = Format.percent(Self.percent(status))
        if status.percentIsEstimate, width >= 40 { label += " (estimate)" }
        let room = min(Self.barColumnsMax, width - label.count - 2)
        guard room >= 4 else { return Printable.fit(label, columns: width) }
        let eighths = Int(Double(room * 8) * Self.percent(status) / 100)
        let full = eighths / 8
        var filled = String(repeating: "█", count: full)
        if eighths % 8 > 0, full < room { filled += Self.partial[eighths % 8 - 1] }
        let rest = String(repeating: "░", count: room - filled.count)
        return Style.green.paint(filled, hasColour) + Style.dim.paint(rest, hasColour) + "  "
            + Style.bold.paint(label, hasColour)
    }

    private static let partial = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    private func figures(_ status: RunStatus) -> [Segment] {
        ProgressWords.figures(status).map { Segment($0, .plain) }
    }

    /// Never above 100 and never below 0, whatever an estimate led to; 100 only when done.
    static func percent(_ status: RunStatus) -> Double {
        guard status.percent.isFinite else { return 0 }
        let most = status.state == .completed ? 100 : 99.9
        return min(max(status.percent, 0), most)
    }

    // MARK: Lines

    private struct Segment {
        let text: String
        let style: Style

        init(_ text: String, _ style: Style) {
            self.text = text
            self.style = style
        }
    }

    /// Puts segments on as few lines as they need; one that is too wide alone is cut.
    private func wrap(_ segments: [Segment], _ width: Int) -> [String] {
        let separator = " · "
        var lines: [String] = []
        var line = ""
        var used = 0
        for segment in segments {
            let text = Printable.fit(segment.text, columns: width)
            let needed = Printable.columns(text)
            if used > 0, used + separator.count + needed > width {
                lines.append(line)
                line = ""
                used = 0
            }
            if used > 0 {
                line += Style.dim.paint(separator, hasColour)
                used += separator.count
            }
            line += segment.style.paint(text, hasColour)
            used += needed
        }
        if used > 0 { lines.append(line) }
        return lines
    }
}

/// How a run stands, in words that the live view and the plain lines share.
enum ProgressWords {
    /// Keys, rows, rate, time left, workers, batch and lag.
    static func figures(_ status: RunStatus) -> [String] {
        var words = [keys(status)]
        if status.rowsChanged != status.keysScanned {
            words.append(Format.count(status.rowsChanged, "row") + " " + status.kind.done)
        }
        if status.rowsQuarantined > 0 {
            words.append(Format.count(status.rowsQuarantined, "row") + " quarantined")
        }
        if let rate = status.rowsPerSecond { words.append(Format.rate(rate)) }
        if let eta = status.etaSeconds, status.state == .running {
            words.append("ETA " + Format.duration(eta))
        }
        if status.state == .running || status.workers > 0 {
            words.append(Format.count(status.workers, "worker"))
            if status.processes > 1 { words.append("\(status.processes) processes") }
            words.append("batch " + Format.count(status.batchKeys))
        }
        if let lag = status.replicaLagSeconds { words.append("lag " + Format.duration(lag)) }
        return words
    }

    /// `1,000 of about 2,000 keys`; more keys than were estimated are simply the keys.
    static func keys(_ status: RunStatus) -> String {
        let done = Format.count(status.keysScanned)
        guard status.state != .completed, status.keysTotalEstimate > 0,
            status.keysTotalEstimate >= status.keysScanned
        else {
            return Format.count(status.keysScanned, "key")
        }
        let about = status.percentIsEstimate ? "about " : ""
        return "\(done) of \(about)\(Format.count(status.keysTotalEstimate, "key"))"
    }

    /// One plain line.
    static func line(_ status: RunStatus) -> String {
        let percent = Format.percent(ProgressFrame.percent(status))
        var words = [percent + (status.percentIsEstimate ? " (estimate)" : "")]
        words += figures(status)
        if let reason = status.waitingFor { words.append("waiting: " + Printable.clean(reason)) }
        return words.joined(separator: " · ")
    }
}
