import Sluice
import SluiceCore

/// The last words about a run.
enum RunEnding {
    /// How rows were changed, and the forecast beside what was measured, a line each.
    static func more(_ report: RunReport) -> [String] {
        guard report.didWork else { return [] }
        return [
            ForecastText.shares(report.status), report.forecast.map(ForecastText.outcome),
        ].compactMap { $0 }
    }

    /// Rows changed, keys, time, rate, WAL and the highest lag, as far as there was work.
    ///
    /// The rate is that of the keys walked over while this process worked: `keysBefore` were done
    /// when it came.
    static func summary(_ report: RunReport, keysBefore: Int = 0) -> String? {
        guard report.didWork, report.status.state != .planned else { return nil }
        let status = report.status
        var words = [
            Format.count(status.rowsChanged, "row") + " " + status.kind.done,
            Format.count(status.keysWalked, "key"), Format.duration(report.seconds),
        ]
        let keys = max(0, status.keysWalked - keysBefore)
        if report.seconds > 0 { words.append(Format.rate(Double(keys) / report.seconds)) }
        if let bytes = report.walBytes { words.append(Format.bytes(bytes) + " of WAL") }
        if let lag = report.replicaLagSecondsMax {
            words.append("highest replica lag " + Format.duration(lag))
        }
        if report.vacuums > 0 {
            words.append(
                "vacuumed \(Format.count(report.vacuums, "time")) in "
                    + Format.duration(report.vacuumSeconds))
        }
        if status.rowsQuarantined > 0 {
            words.append(Format.count(status.rowsQuarantined, "row") + " quarantined")
        }
        return words.joined(separator: " · ")
    }
}
