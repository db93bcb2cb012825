import Testing

@testable import SluiceCore

@Suite struct BatchGateTests {
    private let batch = BatchSizer.Decision(
        batchKeys: 100, statementTimeoutSeconds: 1, targetSeconds: 0.1)

    private func open(windowBytes: Double = .infinity) -> ReplicaWindow.Decision {
        var decision = ReplicaWindow.Decision()
        decision.windowBytes = windowBytes
        return decision
    }

    private func start(
        _ gate: inout BatchGate, at seconds: Double, bytes: Double = 1000, workers: Int = 8
    ) -> BatchGate.Answer {
        gate.decide(
            nowSeconds: seconds, batch: batch, expectedBytes: bytes, workers: workers)
    }

    private func ticket(_ answer: BatchGate.Answer) -> BatchGate.Ticket? {
        if case .start(let ticket) = answer { return ticket }
        return nil
    }

    @Test func nothingStartsBeforeTheFirstPoll() {
        var gate = BatchGate()
        #expect(start(&gate, at: 0) == .wait(.signalsMissing))
    }

    @Test func nothingStartsOnOldNews() {
        var gate = BatchGate()
        gate.observe(open(), BatchGate.Limits(), nowSeconds: 0)
        gate.observe(open(), BatchGate.Limits(), nowSeconds: 0.25)
        #expect(ticket(start(&gate, at: 5)) != nil)
        #expect(start(&gate, at: 6.25) == .wait(.signalsStale(ageSeconds: 6)))
        // A long time between polls does not make old news fresh for ever.
        gate.observe(open(), BatchGate.Limits(), nowSeconds: 100)
        guard case .wait(.signalsStale) = start(&gate, at: 107) else {
            Issue.record("started on old news")
            return
        }
    }

    @Test func aStopHoldsWhateverTheWindowSays() {
        var gate = BatchGate()
        var decision = open()
        decision.stop = .replicaMissing(replica: "a", missingSeconds: 3)
        gate.observe(decision, BatchGate.Limits(), nowSeconds: 0)
        #expect(start(&gate, at: 0) == .wait(.replicaMissing(replica: "a", missingSeconds: 3)))
    }

    @Test func whatIsPromisedCountsUntilThePollAfterItsEnd() {
        var gate = BatchGate()
        gate.observe(open(windowBytes: 2500), BatchGate.Limits(), nowSeconds: 0)
        let first = ticket(start(&gate, at: 0))
        #expect(ticket(start(&gate, at: 0)) != nil)
        #expect(ticket(start(&gate, at: 0)) == nil)
        if let first { gate.finished(first, rows: 100, walBytes: 1000) }
        // Finished, but its bytes are not in the log that the poll saw.
        #expect(ticket(start(&gate, at: 0.1)) == nil)
        gate.observe(open(windowBytes: 2500), BatchGate.Limits(), nowSeconds: 0.25)
        #expect(ticket(start(&gate, at: 0.25)) != nil)
    }

    @Test func aBatchThatWroteMoreThanExpectedCountsInFull() {
        var gate = BatchGate()
        gate.observe(open(windowBytes: 10_000), BatchGate.Limits(), nowSeconds: 0)
        guard let first = ticket(start(&gate, at: 0)) else { return }
        _ = start(&gate, at: 0)
        gate.finished(first, rows: 100, walBytes: 9000)
        #expect(ticket(start(&gate, at: 0)) == nil)
    }

    @Test func aloneABatchMayAlwaysStart() {
        var gate = BatchGate()
        gate.observe(open(windowBytes: 10), BatchGate.Limits(), nowSeconds: 0)
        #expect(ticket(start(&gate, at: 0)) != nil)
        #expect(ticket(start(&gate, at: 0)) == nil)
        var full = open(windowBytes: 10)
        full.outstandingBytes = 11
        var other = BatchGate()
        other.observe(full, BatchGate.Limits(), nowSeconds: 0)
        #expect(ticket(start(&other, at: 0)) == nil)
    }

    @Test func noMoreBatchesRunThanWorkersAreAllowed() {
        var gate = BatchGate()
        gate.observe(open(), BatchGate.Limits(), nowSeconds: 0)
        #expect(ticket(start(&gate, at: 0, workers: 1)) != nil)
        #expect(start(&gate, at: 0, workers: 1) == .wait(.workersBusy(workers: 1)))
    }

    @Test func theUsersRatesAreKeptOverTime() {
        let limits = [
            BatchGate.Limits(rowsPerSecondMax: 1000),
            BatchGate.Limits(walBytesPerSecondMax: 10_000),
        ]
        for limit in limits {
            var gate = BatchGate()
            var started = 0
            var waits: Set<String> = []
            for step in 0..<6000 {
                let now = Double(step) * 0.01
                if step.isMultiple(of: 25) { gate.observe(open(), limit, nowSeconds: now) }
                switch start(&gate, at: now) {
                case .start(let ticket):
                    started += 1
                    gate.finished(ticket, rows: 100, walBytes: 1000)
                case .wait(let reason):
                    waits.insert("\(reason)")
                }
            }
            #expect(started >= 590 && started <= 606)
            #expect(waits.count == 1)
        }
    }

    @Test func aBatchThatWroteFourTimesWhatWasExpectedPaysForIt() {
        var gate = BatchGate()
        var bytes = 0.0
        for step in 0..<6000 {
            let now = Double(step) * 0.01
            if step.isMultiple(of: 25) {
                gate.observe(
                    open(), BatchGate.Limits(walBytesPerSecondMax: 10_000), nowSeconds: now)
            }
            guard let ticket = ticket(start(&gate, at: now)) else { continue }
            gate.finished(ticket, rows: 100, walBytes: 4000)
            bytes += 4000
        }
        #expect(bytes <= 10_000 * 60 + 10_000)
    }

    @Test func aTicketIsOverOnce() {
        var gate = BatchGate()
        gate.observe(open(), BatchGate.Limits(), nowSeconds: 0)
        guard let ticket = ticket(start(&gate, at: 0)) else { return }
        gate.finished(ticket, rows: 1, walBytes: nil)
        gate.finished(ticket, rows: 1, walBytes: nil)
        #expect(gate.runningBatches == 0)
    }

    @Test func whatIsReplayedAfterAPollCountsForOnePollOnly() {
        var gate = BatchGate()
        var decision = open(windowBytes: 2000)
        decision.outstandingBytes = 2500
        decision.applyBytesPerSecond = 4000
        decision.replayingBytesPerSecond = 4000
        gate.observe(decision, BatchGate.Limits(), nowSeconds: 0)
        gate.observe(decision, BatchGate.Limits(), nowSeconds: 0.25)
        #expect(ticket(start(&gate, at: 0.25)) == nil)
        #expect(ticket(start(&gate, at: 0.5)) != nil)
        #expect(ticket(start(&gate, at: 4)) == nil)
        // One that stands still is given no credit at all.
        decision.replayingBytesPerSecond = 0
        var other = BatchGate()
        other.observe(decision, BatchGate.Limits(), nowSeconds: 0)
        _ = start(&other, at: 0.2)
        #expect(ticket(start(&other, at: 0.25)) == nil)
    }
}
