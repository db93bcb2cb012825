import Testing

@testable import SluiceCore

@Suite struct BatchSizerTests {
    /// A server on which a batch costs what the model says, with noise.
    private struct Server {
        var fixedSeconds = 0.004
        var rowSeconds = 40e-6
        var superlinearRows = Double.infinity
        var bytesPerRow = 400.0
        var noise = SeededGenerator(seed: 1)
        var nowSeconds = 0.0

        mutating func run(_ batch: BatchSizer.Decision) -> BatchSample {
            let rows = Double(batch.batchKeys)
            let factor = 0.8 + 0.4 * noise.nextUnit()
            let fixed = fixedSeconds * factor
            let latency = fixed + rowSeconds * rows * (1 + rows / superlinearRows) * factor
            let isLate = latency > batch.statementTimeoutSeconds
            nowSeconds += min(latency, batch.statementTimeoutSeconds)
            return BatchSample(
                nowSeconds: nowSeconds, rows: batch.batchKeys, overheadSeconds: fixed,
                latencySeconds: min(latency, batch.statementTimeoutSeconds),
                walBytes: rows * bytesPerRow, outcome: isLate ? .timedOut : .committed)
        }
    }

    private func settle(
        _ server: inout Server, _ sizer: inout BatchSizer,
        _ conditions: BatchSizer.Conditions = BatchSizer.Conditions(), batches: Int = 100
    ) -> BatchSizer.Decision {
        var batch = sizer.first(conditions)
        for _ in 0..<batches { batch = sizer.step(server.run(batch), conditions) }
        return batch
    }

    @Test func theFixedCostIsTheToleratedShareOfABatch() {
        var server = Server()
        var sizer = BatchSizer()
        let free = settle(&server, &sizer)
        #expect(abs(free.targetSeconds - 0.004 / BatchSizer.overheadShareFree) < 0.03)
        let gated = settle(&server, &sizer, BatchSizer.Conditions(isGated: true))
        #expect(abs(gated.targetSeconds - 0.004 / BatchSizer.overheadShareGated) < 0.01)
    }

    @Test func targetsAndTimeoutsStayWithinTheirBounds() {
        for fixed in [1e-6, 1e-4, 0.01, 1, 10] {
            var server = Server(fixedSeconds: fixed)
            var sizer = BatchSizer()
            let batch = settle(&server, &sizer)
            #expect(batch.targetSeconds >= BatchSizer.targetSecondsMin)
            #expect(batch.targetSeconds <= BatchSizer.targetSecondsMax)
            #expect(batch.statementTimeoutSeconds >= BatchSizer.timeoutSecondsMin)
            #expect(batch.statementTimeoutSeconds <= 5 * BatchSizer.targetSecondsMax)
            #expect(batch.batchKeys >= 1)
        }
    }

    @Test func aRowThatCostsFiftyTimesAsMuchMakesBatchesSmallerNotLonger() {
        var server = Server()
        var sizer = BatchSizer()
        let before = settle(&server, &sizer)
        server.rowSeconds *= 50
        let after = settle(&server, &sizer)
        let ratio = Double(before.batchKeys) / Double(after.batchKeys)
        #expect(ratio > 20 && ratio < 130)
        #expect(abs(before.targetSeconds - after.targetSeconds) < 0.08)
    }

    /// Not after seven batches each: how many last longer than three times their target.
    @Test func dearRowsAreBelievedWithinAFewBatches() {
        var server = Server()
        var sizer = BatchSizer()
        var batch = settle(&server, &sizer)
        server.rowSeconds *= 50
        var late = 0
        for _ in 0..<40 {
            // No timeout helps: what is measured is what the law finds out by itself.
            var slow = server
            let sample = slow.run(
                BatchSizer.Decision(
                    batchKeys: batch.batchKeys, statementTimeoutSeconds: 1e9,
                    targetSeconds: batch.targetSeconds))
            server.noise = slow.noise
            if sample.latencySeconds > 3 * batch.targetSeconds { late += 1 }
            batch = sizer.step(sample, BatchSizer.Conditions())
        }
        #expect((3...7).contains(late), "\(late)")
    }

    @Test func outliersToBothSidesAreNotBelieved() {
        var cost = BatchCost()
        func take(_ rowSeconds: Double) {
            cost.observe(
                BatchSample(
                    nowSeconds: 0, rows: 1_000, overheadSeconds: 0.004,
                    latencySeconds: 0.004 + 1_000 * rowSeconds, walBytes: nil,
                    outcome: .committed))
        }
        for _ in 0..<20 { take(1e-5) }
        for _ in 0..<10 {
            take(1e-3)
            take(1e-7)
        }
        let row = cost.rowSeconds ?? 0
        #expect(row > 0.5e-5 && row < 2e-5, "\(row)")
        for _ in 0..<5 { take(1e-3) }
        #expect(cost.rowSeconds ?? 0 > 3e-4)
    }

    @Test func aTimeoutQuartersTheBatchAtOnce() {
        var server = Server()
        var sizer = BatchSizer()
        var batch = settle(&server, &sizer)
        var usual = 0
        for _ in 0..<6 {
            batch = sizer.step(server.run(batch), BatchSizer.Conditions())
            usual = max(usual, batch.batchKeys)
        }
        var late = server.run(batch)
        late.outcome = .timedOut
        batch = sizer.step(late, BatchSizer.Conditions())
        #expect(Double(batch.batchKeys) <= 0.29 * Double(usual))
        for _ in 0..<100 {
            late.rows = batch.batchKeys
            batch = sizer.step(late, BatchSizer.Conditions())
        }
        #expect(batch.batchKeys == 1)
    }

    @Test func aLockIsNoEvidenceOfCost() {
        var server = Server()
        var sizer = BatchSizer()
        let batch = settle(&server, &sizer)
        let cost = sizer.cost
        for _ in 0..<50 {
            var sample = server.run(batch)
            sample.latencySeconds = 30
            sample.outcome = .yielded
            _ = sizer.step(sample, BatchSizer.Conditions())
        }
        #expect(sizer.cost == cost)
    }

    @Test func oneOutlierMovesTheCostLittleThreeAreBelieved() {
        var cost = BatchCost()
        func sample(_ seconds: Double) -> BatchSample {
            BatchSample(
                nowSeconds: 0, rows: 1000, overheadSeconds: 0.004,
                latencySeconds: seconds + 0.004, walBytes: nil, outcome: .committed)
        }
        for _ in 0..<50 { cost.observe(sample(0.04)) }
        let known = cost.rowSeconds ?? 0
        cost.observe(sample(40))
        #expect((cost.rowSeconds ?? 0) < 1.2 * known)
        for _ in 0..<30 { cost.observe(sample(40)) }
        #expect((cost.rowSeconds ?? 0) > 500 * known)
    }

    @Test func theLogsGrowthCountsOnlyWhereBatchesDoNotSayTheirs() {
        var law = AdaptiveControl(
            limits: AdaptiveControl.Limits(
                replicas: ReplicaWindow.Limits(maxLagSeconds: nil),
                workers: ConcurrencyControl.Limits(workers: 1...1)))
        func polls(walBytes: Double?, from first: Int) {
            for poll in first..<first + 50 {
                let now = Double(poll) * 0.25
                law.poll(
                    AdaptiveControl.Observation(
                        replicas: ReplicaWindow.Observation(
                            nowSeconds: now, primaryPosition: UInt64(poll) * 2_000_000,
                            replicas: []),
                        workers: ConcurrencyControl.Observation(
                            nowSeconds: now, foregroundSeconds: nil, waitShare: 0,
                            activeBatches: 1, batchSeconds: 0.04, rows: 1_000)))
                guard case .start(let ticket) = law.start(nowSeconds: now) else { continue }
                law.finished(
                    ticket,
                    BatchSample(
                        nowSeconds: now, rows: 1_000, overheadSeconds: 0.004,
                        latencySeconds: 0.04, walBytes: walBytes, outcome: .committed))
            }
        }
        polls(walBytes: nil, from: 1)
        #expect(abs(law.cost.bytesPerRow - 2000) < 1)
        polls(walBytes: 3e5, from: 51)
        #expect(abs(law.cost.bytesPerRow - 300) < 1)
    }

    @Test func aBatchIsNeverMoreThanTheReplicasApplyInAQuarterSecond() {
        var server = Server()
        var sizer = BatchSizer()
        let batch = settle(&server, &sizer, BatchSizer.Conditions(applyBytesPerSecond: 1e6))
        #expect(Double(batch.batchKeys) * 400 <= 0.25 * 1e6 * 1.01)
    }

    @Test func theUsersLimitsBoundEveryBatch() {
        let limits = [
            BatchSizer.Conditions(keysMax: 37),
            BatchSizer.Conditions(rowsPerSecondMax: 74),
            BatchSizer.Conditions(walBytesPerSecondMax: 74 * 400),
        ]
        for conditions in limits {
            var server = Server()
            var sizer = BatchSizer()
            var batch = settle(&server, &sizer)
            for _ in 0..<30 { batch = sizer.step(server.run(batch), conditions) }
            #expect(batch.batchKeys <= 38)
            #expect(BatchSizer().first(conditions).batchKeys <= 100)
        }
    }

    @Test(arguments: [0.004, 0.02, 0.05, 0.1])
    func aBatchIsMeantToLastNoLongerThanTheUserSays(secondsMax: Double) {
        var server = Server()
        var sizer = BatchSizer()
        let conditions = BatchSizer.Conditions(secondsMax: secondsMax)
        let free = settle(&server, &sizer)
        #expect(free.targetSeconds > 0.1)
        let batch = settle(&server, &sizer, conditions)
        #expect(batch.targetSeconds == secondsMax && batch.batchKeys < free.batchKeys)
        #expect(BatchSizer().first(conditions).targetSeconds <= secondsMax)
        // One beyond what pays changes nothing.
        #expect(
            settle(&server, &sizer, BatchSizer.Conditions(secondsMax: 9)).targetSeconds
                <= BatchSizer.targetSecondsMax)
    }

    @Test func aFixedCostBeyondTheUsersTimeDoesNotShrinkBatchesToRows() {
        var sizer = BatchSizer()
        var keys = BatchSizer.firstKeys
        let conditions = BatchSizer.Conditions(secondsMax: 0.1)
        for batch in 0..<60 {
            let sample = BatchSample(
                nowSeconds: Double(batch), rows: keys, overheadSeconds: 0.15,
                latencySeconds: 0.15 + Double(keys) * 1e-5, walBytes: nil, outcome: .committed)
            keys = sizer.step(sample, conditions).batchKeys
        }
        #expect(keys > 2_000)
    }

    @Test func noSequenceOfBatchesLeadsOutOfBounds() {
        for seed in UInt64(1)...50 {
            var random = SeededGenerator(seed: seed)
            var sizer = BatchSizer()
            var keys = BatchSizer.firstKeys
            for _ in 0..<300 {
                let outcomes: [BatchSample.Outcome] = [.committed, .committed, .timedOut, .yielded]
                let sample = BatchSample(
                    nowSeconds: random.nextUnit() * 1e4, rows: Int(random.nextUnit() * 1e5),
                    overheadSeconds: random.nextUnit() - 0.1,
                    latencySeconds: random.nextUnit() * 10 - 0.1,
                    walBytes: random.nextUnit() < 0.2 ? nil : random.nextUnit() * 1e9 - 1e6,
                    outcome: outcomes[Int(random.nextUnit() * 4)])
                let conditions = BatchSizer.Conditions(
                    applyBytesPerSecond: random.nextUnit() < 0.5 ? nil : random.nextUnit() * 1e8,
                    isGated: random.nextUnit() < 0.5, keysMax: 50_000)
                let next = sizer.step(sample, conditions)
                #expect(next.batchKeys >= 1 && next.batchKeys <= 50_000, "seed \(seed)")
                // The small size of a trial beside twice the usual one.
                #expect(Double(next.batchKeys) <= Double(keys + 1) * 2 / 0.6 + 1, "seed \(seed)")
                #expect(next.targetSeconds.isFinite && next.targetSeconds > 0, "seed \(seed)")
                keys = next.batchKeys
            }
        }
    }

    @Test func superlinearRowsMakeBatchesSmallerAndLinearOnesDoNot() {
        var linear = Server()
        var sizer = BatchSizer()
        let usual = settle(&linear, &sizer, batches: 2000)
        #expect(usual.targetSeconds > 0.1)
        var superlinear = Server(superlinearRows: 1500)
        var other = BatchSizer()
        let small = settle(&superlinear, &other, batches: 2000)
        #expect(small.targetSeconds < 0.5 * usual.targetSeconds)
    }
}
