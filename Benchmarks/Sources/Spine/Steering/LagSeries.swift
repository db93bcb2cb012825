import Foundation

/// What was recorded, and what it says of a stretch of time.
struct LagSeries: Sendable {
    let samples: [LagSample]
    /// Stretches by name, in seconds of the recording's clock.
    let spans: [String: ClosedRange<Double>]
    /// When the recording began, in seconds since 1970.
    let epochSeconds: Double
    private let lags: [Double]

    init(
        samples: [LagSample], spans: [String: ClosedRange<Double>], epochSeconds: Double
    ) {
        self.samples = samples
        self.spans = spans
        self.epochSeconds = epochSeconds
        lags = Self.lags(samples)
    }

    /// How old what the replica furthest behind has replayed is, sample by sample, in seconds:
    /// the time since the primary's log ended there, by one clock, whether it answers or not.
    private static func lags(_ samples: [LagSample]) -> [Double] {
        let replicas = samples.first?.replicas.count ?? 0
        var lags = [Double](repeating: 0, count: samples.count)
        for replica in 0..<replicas {
            var replayed = 0.0
            var passed = 0
            for (number, sample) in samples.enumerated() {
                replayed = max(replayed, sample.replicas[replica].replayedBytes ?? 0)
                while passed < number, samples[passed].writtenBytes <= replayed { passed += 1 }
                let isBehind = replayed < sample.writtenBytes
                let lag = isBehind ? sample.seconds - samples[passed].seconds : 0
                lags[number] = max(lags[number], lag)
            }
        }
        return lags
    }

    /// The highest lag.
    func lagSecondsMax(_ span: ClosedRange<Double>? = nil) -> Double {
        zip(samples, lags).filter { span?.contains($0.0.seconds) ?? true }.map(\.1).max() ?? 0
    }

    /// The highest lag by a replica's own view.
    func ownLagSecondsMax(_ span: ClosedRange<Double>? = nil) -> Double {
        samples.filter { span?.contains($0.seconds) ?? true }
            .flatMap(\.replicas).compactMap(\.ownLagSeconds).max() ?? 0
    }

    /// For how long the lag was above a limit.
    func seconds(above limitSeconds: Double) -> Double {
        zip(samples, samples.dropFirst()).enumerated().reduce(0) { sum, step in
            lags[step.offset] > limitSeconds
                ? sum + step.element.1.seconds - step.element.0.seconds : sum
        }
    }

    /// Log that a replica may have replayed in the moment between its look and the primary's.
    private static let lookBytes = 65_536.0

    /// Share of the looks at which the replica furthest behind had something left to replay.
    ///
    /// While it has, it replays as fast as it can beside everything else on the machine: what is
    /// missing from 1 is what the run left unused of it.
    func replayingShare(_ span: ClosedRange<Double>) -> Double {
        let inside = samples.filter { span.contains($0.seconds) }
        guard !inside.isEmpty else { return 0 }
        let busy = inside.count { sample in
            let least = sample.replicas.compactMap(\.replayedBytes).min() ?? 0
            return sample.writtenBytes - least > Self.lookBytes
        }
        return Double(busy) / Double(inside.count)
    }

    /// Log that the primary wrote, in bytes a second.
    func writtenBytesPerSecond(_ span: ClosedRange<Double>) -> Double {
        rate(span) { $0.writtenBytes }
    }

    /// Where the primary's log ended at a moment, as if it had grown evenly between two looks.
    func writtenBytes(at seconds: Double) -> Double {
        between(seconds, \.seconds, \.writtenBytes)
    }

    /// When the primary's log ended there, as if it had grown evenly between two looks.
    func seconds(written bytes: Double) -> Double {
        between(bytes, \.writtenBytes, \.seconds)
    }

    private func between(
        _ value: Double, _ known: (LagSample) -> Double, _ wanted: (LagSample) -> Double
    ) -> Double {
        guard let next = samples.firstIndex(where: { known($0) >= value }) else {
            return samples.last.map(wanted) ?? 0
        }
        let after = samples[next]
        guard next > 0 else { return wanted(after) }
        let before = samples[next - 1]
        let share = (value - known(before)) / (known(after) - known(before))
        return wanted(before) + share * (wanted(after) - wanted(before))
    }

    /// Rows that the run changed, a second.
    func rowsPerSecond(_ span: ClosedRange<Double>) -> Double {
        rate(span) { $0.rows }
    }

    /// When the mean over the seconds that follow is first at least so many rows a second.
    func firstTime(
        rowsPerSecond least: Double, overSeconds width: Double, within span: ClosedRange<Double>
    ) -> Double? {
        samples.map(\.seconds).first { begin in
            span.contains(begin) && span.contains(begin + width)
                && rowsPerSecond(begin...(begin + width)) >= least
        }
    }

    private func rate(
        _ span: ClosedRange<Double>, _ value: (LagSample) -> Double
    ) -> Double {
        let inside = samples.filter { span.contains($0.seconds) }
        guard let first = inside.first, let last = inside.last, last.seconds > first.seconds
        else { return 0 }
        return (value(last) - value(first)) / (last.seconds - first.seconds)
    }

    /// Second by second, for drawing.
    var csv: String {
        var lines = [
            "seconds,lag_seconds,own_lag_seconds,rows_per_second,wal_bytes_per_second,waiting_for"
        ]
        let end = Int(samples.last?.seconds ?? 0)
        for second in 0..<max(0, end) {
            let span = Double(second)...Double(second + 1)
            lines.append(
                [
                    Double(second), lagSecondsMax(span), ownLagSecondsMax(span),
                    rowsPerSecond(span).rounded(), writtenBytesPerSecond(span).rounded(),
                ].map { String(format: "%g", $0) }.joined(separator: ",") + ","
                    + (samples.last { span.contains($0.seconds) }?.waitingFor ?? "")
                    .replacing(",", with: ";"))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
