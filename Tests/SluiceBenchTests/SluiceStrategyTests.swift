import Sluice
import SluiceCore
import Testing

@testable import SluiceBench

@Suite struct SluiceStrategyTests {
    private static var limited: FillLimits {
        var limits = FillLimits()
        limits.lagSecondsMax = 3
        limits.applicationSecondsMax = 0.002
        limits.probe = "SELECT 1"
        return limits
    }

    @Test func limitsArrive() {
        let options = SluiceStrategy.whole.options(for: Self.limited, noting: BatchLog())
        #expect(options.limits.maxLagSeconds == .some(.some(3)))
        #expect(options.limits.foregroundBudget == .some(.some(.seconds(0.002))))
        #expect(options.limits.foregroundProbe == .some(.some("SELECT 1")))
        #expect(options.confirmed && options.verify == .off)
    }

    @Test func withoutLimitsNothingIsChanged() {
        let options = SluiceStrategy.whole.options(for: FillLimits(), noting: BatchLog())
        #expect(options.limits.isEmpty)
        // A budget without anything to time would be of Sluice's own choice.
        var limits = Self.limited
        limits.probe = nil
        let unprobed = SluiceStrategy.whole.options(for: limits, noting: BatchLog())
        #expect(unprobed.limits.foregroundBudget == nil)
    }

    @Test func aPartOfItKeepsToLimitsToo() throws {
        let fixed = try #require(SluiceStrategy.parts.first { $0.name == "sluice-fixed" })
        let options = fixed.options(for: Self.limited, noting: BatchLog())
        #expect(options.limits.workers == 2...2 && options.limits.batchKeys == 5_000)
        #expect(options.limits.maxLagSeconds == .some(.some(3)))
    }

    @Test func batchesAreNotedWithoutAFile() throws {
        let batches = BatchLog()
        let options = SluiceStrategy.whole.options(for: FillLimits(), noting: batches)
        #expect(options.tracePath == nil, "no other strategy writes one while it is measured")
        let traced = try #require(options.traced)
        let law = AdaptiveControl(
            limits: AdaptiveControl.Limits(
                replicas: ReplicaWindow.Limits(maxLagSeconds: 10),
                workers: ConcurrencyControl.Limits(workers: 1...4)))
        let sample = BatchSample(
            nowSeconds: 1, rows: 100, overheadSeconds: 0.01, latencySeconds: 0.25, walBytes: nil,
            outcome: .committed)
        traced([
            .limits(law.limits),
            .finished(
                BatchGate.Ticket(number: 1), sample, othersRunning: 0, batch: law.decision.batch),
        ])
        #expect(batches.all == [0.25])
    }
}
