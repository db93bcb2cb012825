import SluiceCore
import Testing

@testable import SluiceBench

@Suite struct ShortfallTests {
    /// A section in which Sluice has a rate of 100 in 10 s, of which 8 s are batches.
    private static func section(
        first: [Double], ours: [Double] = [100, 101], waitShare: Double? = 0.25
    ) -> BenchReport.Section {
        var section = Made.section([("ctid", first), ("sluice", ours)])
        for round in section.entries[1].rounds.indices {
            section.entries[1].rounds[round].seconds = 10
            section.entries[1].rounds[round].batchesSeconds = 8
            section.entries[1].rounds[round].waitShare = waitShare
        }
        return section
    }

    private static func sentence(_ section: BenchReport.Section) -> String? {
        Shortfall.sentence(section, Verdict(section))
    }

    @Test func itSaysWhereTheTimeWent() {
        #expect(
            Self.sentence(Self.section(first: [200, 201]))
                == "sluice comes to 0.50 of ctid: of 10.00 s 2.00 s passed before its first batch "
                + "and after its last, and between them its workers were held back 25 % of the "
                + "time; its batches alone come to 0.84")
        for share in [nil, 0, 0.001] {
            let free = Self.sentence(Self.section(first: [200, 201], waitShare: share))
            #expect(free?.contains("held back") == false)
            #expect(free?.hasSuffix("its batches alone come to 0.63") == true)
        }
        let stuck = Self.sentence(Self.section(first: [200, 201], waitShare: 1))
        #expect(stuck?.hasSuffix("held back 100 % of the time") == true)
    }

    @Test func oneRoundIsComparedAsWhatItIs() {
        let sentence = Self.sentence(Self.section(first: [200], ours: [100]))
        #expect(sentence?.contains("0.50 of ctid in this one round: ") == true)
    }

    @Test func itIsComparedWithOthersAndNotWithAPartOfItself() {
        var section = Self.section(first: [150, 151])
        section.entries.insert(
            Made.section([("sluice-fixed", [200, 201])]).entries[0], at: 0)
        for round in section.entries[0].rounds.indices {
            section.entries[0].rounds[round].batchesSeconds = 4
        }
        #expect(Self.sentence(section)?.contains(" of ctid: ") == true)
    }

    @Test func nothingIsSaidWhereThereIsNothingToExplain() {
        #expect(Self.sentence(Self.section(first: [90, 91])) == nil, "it is the first")
        #expect(Self.sentence(Self.section(first: [102, 102.5])) == nil, "within three per cent")
        #expect(Self.sentence(Self.section(first: [99, 140])) == nil, "the rounds do not tell")
        var limited = Self.section(first: [200, 201])
        limited.limit = "the replica at most 3 s behind"
        #expect(Self.sentence(limited) == nil, "the others do not keep to it")
        var old = Self.section(first: [200, 201])
        for round in old.entries[1].rounds.indices {
            old.entries[1].rounds[round].batchesSeconds = nil
        }
        #expect(Self.sentence(old) == nil, "a report that was written without")
    }

    @Test func aRunsTimesAreThoseOfItsBatchesAndLooks() {
        var times = RunTimes()
        #expect(times.batchesSeconds == nil && times.waitShare == nil)
        times.note([Self.look(at: 0, waitShare: 1), Self.look(at: 1, waitShare: 1)])
        times.note([
            .started(nowSeconds: 1.5, keys: 100, ticket: BatchGate.Ticket(number: 1)),
            Self.look(at: 2, waitShare: 0.5), Self.finished(at: 2.25),
        ])
        times.note([Self.look(at: 5, waitShare: 0), Self.finished(at: 5.5)])
        #expect(times.batchesSeconds == 4)
        #expect(times.waitShare == 0.125, "half of one second of four")
    }

    private static let law = AdaptiveControl(
        limits: AdaptiveControl.Limits(
            replicas: ReplicaWindow.Limits(maxLagSeconds: 10),
            workers: ConcurrencyControl.Limits(workers: 1...4)))

    private static func look(at now: Double, waitShare: Double) -> ControlTrace.Event {
        .poll(
            AdaptiveControl.Observation(
                replicas: ReplicaWindow.Observation(
                    nowSeconds: now, primaryPosition: 1, replicas: []),
                workers: ConcurrencyControl.Observation(
                    nowSeconds: now, foregroundSeconds: nil, waitShare: waitShare,
                    activeBatches: 1, batchSeconds: 0.1, rows: 100)), law.decision)
    }

    private static func finished(at now: Double) -> ControlTrace.Event {
        .finished(
            BatchGate.Ticket(number: 1),
            BatchSample(
                nowSeconds: now, rows: 100, overheadSeconds: 0.01, latencySeconds: 0.25,
                walBytes: nil, outcome: .committed), othersRunning: 0, batch: law.decision.batch)
    }
}
