import SluiceCore
import Testing

@testable import Sluice

/// Traces survive their file.
@Suite struct TraceTextTests {
    @Test func whatIsWrittenIsReadAndDecidedTheSame() throws {
        var law = AdaptiveControl(
            limits: AdaptiveControl.Limits(
                replicas: ReplicaWindow.Limits(maxLagSeconds: 10),
                workers: ConcurrencyControl.Limits(workers: 1...4)))
        var events: [ControlTrace.Event] = [.limits(law.limits)]
        for poll in 0..<200 {
            let now = Double(poll) / 3
            let observation = AdaptiveControl.Observation(
                replicas: ReplicaWindow.Observation(
                    nowSeconds: now, primaryPosition: UInt64(poll) * 1_234_567,
                    replicas: [
                        ReplicaSighting(
                            id: "a\"b\n", flushed: nil, replayed: UInt64(poll) * 1_230_000,
                            isConnected: true)
                    ], timeline: 3),
                workers: ConcurrencyControl.Observation(
                    nowSeconds: now, foregroundSeconds: nil, waitShare: 1 / 3,
                    activeBatches: 2, batchSeconds: 0.1 / 3, rows: 1_000))
            events.append(.poll(observation, law.poll(observation)))
            guard
                case .start(let ticket) = law.start(
                    nowSeconds: now, keys: 50, enforcesWorkers: false)
            else { continue }
            events.append(.started(nowSeconds: now, keys: 50, ticket: ticket))
            let sample = BatchSample(
                nowSeconds: now, rows: 100 + poll, overheadSeconds: 0.004 / 3,
                latencySeconds: 0.08 / 3, walBytes: 1e5 / 3, outcome: .committed)
            law.finished(ticket, sample, othersRunning: 1)
            events.append(.finished(ticket, sample, othersRunning: 1, batch: law.decision.batch))
        }
        let text = events.map { TraceText.line($0) }.joined(separator: "\n")
        let read = try TraceText.events(text)
        #expect(read == events)
        #expect(read.count > 300)
        #expect(ControlTrace.firstDifference(in: read) == nil)
        #expect(throws: (any Error).self) { try TraceText.events(text + "\n{}") }
    }
}
