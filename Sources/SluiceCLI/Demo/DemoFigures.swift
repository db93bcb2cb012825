import Sluice
import SluiceBench
import SluiceCore

/// What the demo measured, and its closing words.
struct DemoFigures: Sendable {
    let report: RunReport
    let alone: LatencyFigures?
    let during: LatencyFigures?
    let rowsWrong: Int
    let rowsTotal: Int

    var isRight: Bool { rowsWrong == 0 && report.exitCode == ExitStatus.done }

    /// The closing summary.
    func lines(_ hasColour: Bool) -> [String] {
        let rate = report.seconds > 0 ? Double(report.status.rowsChanged) / report.seconds : 0
        let bold = { (text: String) in Style.bold.paint(text, hasColour) }
        var lines = [
            field("rows changed", bold(Format.count(report.status.rowsChanged))),
            field("time", Format.duration(report.seconds)),
            field("speed", bold(Format.rate(rate))),
        ]
        if let bytes = report.walBytes {
            lines.append(field("WAL", Format.bytes(bytes) + ", pgbench's included"))
        }
        if let lag = report.replicaLagSecondsMax {
            lines.append(field("highest replica lag", Format.duration(lag)))
        }
        if let alone, let during {
            lines.append("")
            lines += table(alone, during, hasColour)
        }
        return lines + ["", verdict(hasColour)]
    }

    private func table(
        _ alone: LatencyFigures, _ during: LatencyFigures, _ hasColour: Bool
    ) -> [String] {
        let row = { (name: String, first: String, second: String) in
            Printable.padded(name, to: 28) + Printable.padded(first, to: 20) + second
        }
        return [
            Style.dim.paint(row("pgbench", "without backfill", "with backfill"), hasColour),
            row(
                "latency, mean", Format.milliseconds(alone.meanMilliseconds),
                Format.milliseconds(during.meanMilliseconds)),
            row(
                "latency, 95th percentile", Format.milliseconds(alone.p95Milliseconds),
                Format.milliseconds(during.p95Milliseconds)),
            row(
                "transactions/s", Format.decimal(alone.transactionsPerSecond),
                Format.decimal(during.transactionsPerSecond)),
        ]
    }

    private func verdict(_ hasColour: Bool) -> String {
        guard rowsWrong == 0 else {
            return Style.red.paint("✗", hasColour)
                + " \(Format.count(rowsWrong)) of \(Format.count(rowsTotal, "row")) are wrong"
        }
        return Style.green.paint("✓", hasColour)
            + " verified: each of \(Format.count(rowsTotal, "row")) has its new value"
    }

    private func field(_ name: String, _ value: String) -> String {
        Printable.padded(name, to: 28) + value
    }
}
