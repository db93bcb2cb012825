import Testing

@testable import SluiceCore

@Suite struct LaneRegionTests {
    /// Two lanes of two steps, 10 keys each.
    private let survey = LaneSurvey(
        slices: [
            LaneSlice(lane: 0, step: 0, keys: 10), LaneSlice(lane: 0, step: 1, keys: 10),
            LaneSlice(lane: 1, step: 0, keys: 10), LaneSlice(lane: 1, step: 1, keys: 10),
        ], transaction: 100, horizon: 90)

    private func mark(_ transaction: UInt64) -> LaneMark {
        LaneMark(transaction: transaction, horizon: 0, hotRows: 0)
    }

    private func sendAll(
        _ region: inout LaneRegion, keys: Int, horizon: UInt64 = .max
    ) -> [LaneBatch] {
        var batches: [LaneBatch] = []
        while region.isReady(horizon: horizon), let batch = region.next(keys: keys) {
            region.send(batch)
            region.commit(mark(UInt64(200 + batches.count)))
            batches.append(batch)
        }
        return batches
    }

    @Test func everyKeyIsInOneBatchAndTheLastOneEndsTheRegion() {
        for keys in 1...30 {
            var region = LaneRegion(survey)
            let batches = sendAll(&region, keys: keys)
            for slice in survey.slices.indices {
                let mine = batches.filter { $0.slice == slice }
                var next = 0
                for batch in mine {
                    #expect(batch.first == next)
                    next += batch.keys
                }
                #expect(next == 10)
            }
            #expect(batches.filter(\.endsRegion).count == 1)
            #expect(batches.last?.endsRegion == true)
            #expect(region.isDone && region.next(keys: 1) == nil)
        }
    }

    @Test func aSmallRestIsTakenAlong() {
        let region = LaneRegion(survey)
        #expect(region.next(keys: 7)?.keys == 10)
        #expect(region.next(keys: 6)?.keys == 6)
    }

    @Test func aLaneFollowsOnceTheOneBeforeItCanBePruned() {
        var region = LaneRegion(survey)
        for transaction in UInt64(201)...202 {
            guard let batch = region.next(keys: 10) else { return }
            #expect(region.isReady(horizon: 0))
            region.send(batch)
            region.commit(mark(transaction))
        }
        // The second lane's first step waits for transaction 201, and its second for 202.
        #expect(!region.isReady(horizon: 201))
        #expect(region.isReady(horizon: 202))
        if let batch = region.next(keys: 10) { region.send(batch) }
        #expect(!region.isReady(horizon: 202))
        #expect(region.isReady(horizon: 203))
    }

    @Test func aLaneDoesNotFollowWhatIsStillInThePipe() {
        let short = LaneSurvey(
            slices: [LaneSlice(lane: 0, step: 0, keys: 10), LaneSlice(lane: 1, step: 0, keys: 10)],
            transaction: 100, horizon: 90)
        var region = LaneRegion(short)
        if let batch = region.next(keys: 10) { region.send(batch) }
        #expect(!region.isReady(horizon: .max))
        region.commit(mark(201))
        #expect(region.isReady(horizon: 202))
    }

    @Test func theRestOfALaneDoesNotWaitForItself() {
        var region = LaneRegion(survey)
        if let batch = region.next(keys: 4) { region.send(batch) }
        region.commit(mark(201))
        #expect(region.isReady(horizon: 0))
    }

    @Test func whatAnotherProcessLeftIsWaitedForByTheSurvey() {
        let later = LaneSurvey(
            slices: [LaneSlice(lane: 3, step: 0, keys: 10)], transaction: 100, horizon: 90)
        let region = LaneRegion(later)
        #expect(!region.isReady(horizon: 100))
        #expect(region.isReady(horizon: 101))
    }

    @Test func mergedLanesWaitForNothing() {
        let merged = LaneSurvey(
            slices: [LaneSlice(lane: 3, step: 0, keys: 10), LaneSlice(lane: 3, step: 1, keys: 10)],
            transaction: 100, horizon: 90, isMerged: true)
        var region = LaneRegion(merged)
        #expect(region.isReady(horizon: 0))
        #expect(sendAll(&region, keys: 10, horizon: 0).count == 2)
    }

    @Test func whatFailedIsSentAgain() {
        var region = LaneRegion(survey)
        let first = region.next(keys: 10)
        if let first { region.send(first) }
        if let second = region.next(keys: 10) { region.send(second) }
        region.commit(mark(201))
        region.rollBack()
        #expect(region.next(keys: 10)?.slice == 1)
        #expect(!region.isDone)
    }

    @Test func aKeyThatIsSetAsideIsPassed() {
        var region = LaneRegion(survey)
        region.skipKey()
        #expect(region.next(keys: 20)?.first == 1)
        #expect(region.next(keys: 20)?.keys == 9)
        for _ in 0..<39 { region.skipKey() }
        #expect(region.isDone)
    }
}
