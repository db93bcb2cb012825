import SluiceCore

/// A streaming replica: it receives the log late, replays it at its rate, and reports at times.
struct PlantReplica {
    /// Seconds between reports while log flows.
    private static let reportSeconds = 0.2
    /// Seconds between reports while none does (`wal_receiver_status_interval`).
    private static let idleReportSeconds = 10.0
    /// Memory of the rate's noise from step to step: a second.
    private static let noiseMemory = 0.98

    private let index: Int
    private var position = 0.0
    /// First step after which the log ended beyond `position`.
    private var beyond = 0
    private var noise = 0.0
    private var nextReport = 0.0
    private var reportedArrival = 0.0
    private(set) var reported = ReportedReplica()

    init(index: Int) {
        self.index = index
    }

    /// One step, at the end of which the log's history is `ends`; returns the true lag.
    mutating func step(
        _ scenario: Scenario, ends: [Double], seconds: Double, stepSeconds: Double,
        random: inout NormalNoise
    ) -> Double {
        let sigma = scenario.applySigma
        noise = Self.noiseMemory * noise + random.normal() * sigma * 0.2
        let isConnected = scenario.isConnected(index, seconds)
        let delayed = ends.count - 1 - Int(scenario.transportSeconds / stepSeconds)
        let arrived = delayed > 0 ? ends[delayed] : 0
        if isConnected, arrived > position {
            let factor = Exponential.exp(noise - sigma * sigma / 2)
            let replayed = scenario.apply(index, seconds) * factor * stepSeconds
            position = min(arrived, position + replayed)
        }
        while beyond < ends.count, ends[beyond] <= position + 1e-9 { beyond += 1 }
        let lag = Double(ends.count - beyond) * stepSeconds
        report(
            isConnected: isConnected, arrived: arrived, end: ends[ends.count - 1],
            seconds: seconds)
        return lag
    }

    private mutating func report(
        isConnected: Bool, arrived: Double, end: Double, seconds: Double
    ) {
        guard isConnected else {
            reported.isConnected = false
            return
        }
        let moved = arrived != reportedArrival
        let isDue = seconds >= nextReport
        let idle = Self.idleReportSeconds - Self.reportSeconds
        let isIdleDue = seconds >= nextReport + idle || position >= end - 1e-9
        if isDue, moved || isIdleDue {
            reportedArrival = arrived
            reported = ReportedReplica(
                isConnected: true, replayed: position, flushed: max(position, arrived))
            nextReport = seconds + Self.reportSeconds
        } else {
            reported.isConnected = true
        }
    }
}
