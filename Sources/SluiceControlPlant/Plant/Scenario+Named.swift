import SluiceCore

extension Scenario {
    /// The scenarios of the control study, S1 to S14.
    package static let all: [Scenario] = [
        Scenario("S1", "steady, replica-limited (apply 20 MB/s)"),
        slower, busier, costlier, disconnected, noisy, superlinear, withoutReplica, conflict,
        idle, faster, tenTimesSlower, unequal, farAway,
    ]

    /// The scenario of a name; `nil` for one that there is not.
    package static func named(_ id: String) -> Scenario? { all.first { $0.id == id } }

    /// True in the middle third, where most scenarios change something.
    @Sendable private static func isMiddle(_ seconds: Double) -> Bool {
        seconds >= 200 && seconds < 400
    }

    private static let slower = variant("S2", "apply rate drops 4x at 200-400 s") {
        $0.apply = { _, seconds in isMiddle(seconds) ? 5e6 : 20e6 }
    }

    private static let busier = variant("S3", "application's load .2 to .5 at 200-400 s") {
        $0.load = { isMiddle($0) ? 0.5 : 0.2 }
        $0.foregroundBytes = { isMiddle($0) ? 6e6 : 2e6 }
        $0.apply = { _, _ in 80e6 }
    }

    private static let costlier = variant("S4", "row cost x50, log a row x20 from 250 s") {
        $0.rowSeconds = { 40e-6 * ($0 >= 250 ? 50 : 1) }
        $0.bytesPerRow = { 400 * ($0 >= 250 ? 20 : 1) }
    }

    private static let disconnected = variant("S5", "replica disconnected 250-340 s") {
        $0.isConnected = { _, seconds in !(seconds >= 250 && seconds < 340) }
    }

    private static let noisy = variant("S6", "heavy noise, outliers, full-page images") {
        $0.latencySigma = 0.6
        $0.outlierShare = 0.03
        $0.outlierFactor = 10
        $0.applySigma = 0.30
        $0.foregroundSigma = 0.4
        $0.fullPageFactor = { seconds in
            1 + 2 * Exponential.exp(-seconds.truncatingRemainder(dividingBy: 120) / 20)
        }
    }

    private static let superlinear = variant("S7", "superlinear batches (1500 rows)") {
        $0.superlinearRows = 1500
        $0.apply = { _, _ in 80e6 }
    }

    private static let withoutReplica = variant("S8", "no replica, application's budget") {
        $0.replicas = 0
        $0.contention = 0.06
        $0.coherence = 0.02
        $0.load = { _ in 0.35 }
    }

    private static let conflict = variant("S9", "replay stops 250-275 s") {
        $0.apply = { _, seconds in seconds >= 250 && seconds < 275 ? 0 : 20e6 }
    }

    private static let idle = variant("S10", "idle primary, apply drops 4x at 200-400 s") {
        $0.foregroundBytes = { _ in 0 }
        $0.apply = { _, seconds in isMiddle(seconds) ? 5e6 : 20e6 }
    }

    private static let faster = variant("S11", "apply 20 to 60 MB/s at 200 s") {
        $0.apply = { _, seconds in seconds >= 200 ? 60e6 : 20e6 }
    }

    private static let tenTimesSlower = variant("S12", "apply rate drops 10x at 200-400 s") {
        $0.apply = { _, seconds in isMiddle(seconds) ? 3e6 : 30e6 }
    }

    private static let unequal = variant("S13", "two unequal noisy replicas") {
        $0.replicas = 2
        $0.applySigma = 0.25
        $0.apply = { replica, _ in replica == 0 ? 20e6 : 12e6 }
    }

    private static let farAway = variant("S14", "1 s of transport, apply drops 4x") {
        $0.transportSeconds = 1
        $0.apply = { _, seconds in isMiddle(seconds) ? 5e6 : 20e6 }
    }

    private static func variant(
        _ id: String, _ title: String, _ change: (inout Scenario) -> Void
    ) -> Scenario {
        var scenario = Scenario(id, title)
        change(&scenario)
        return scenario
    }
}
