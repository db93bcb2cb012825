import SluiceCore
import Testing

/// One worker, one range, keys whose rows cannot be changed: what the scheduler makes of them.
@Suite struct BisectionTests {
    /// What a range of keys 1…n saw.
    struct Outcome {
        var transactions = 0
        var setAside: [Int] = []
        var changed: [Int] = []
    }

    /// Plays a server for one worker until it exits; every batch sent is executed, as in a pipe.
    private func play(
        keys: Int, batch: Int, poison: Set<Int>, maxQuarantine: Int = 1_000
    ) -> (Outcome, RunOutcome?) {
        var scheduler = RunScheduler(
            limits: Limits(workers: 1...1, batchKeys: batch, maxQuarantine: maxQuarantine), seed: 1)
        _ = scheduler.workersToStart()
        let range = HeldRange(number: 1, epoch: 1, hasCursor: false, batches: 0)
        let error = Failure(origin: .server, sqlState: "23514", message: "check")
        var outcome = Outcome()
        var cursor = 0
        var pipe: [(keys: Int, first: Bool)] = []
        var event = WorkerEvent.started
        func tryKeys(_ count: Int, first: Bool) -> WorkerEvent {
            outcome.transactions += 1
            guard first == (cursor == 0), cursor < keys else { return .fenceMissed }
            let tried = (cursor + 1)...min(keys, cursor + count)
            if poison.contains(where: { tried.contains($0) }) { return .failed(error) }
            outcome.changed += tried
            cursor = tried.upperBound
            return .committed(
                BatchCounts(
                    keysScanned: tried.count, rowsChanged: tried.count,
                    finishedRange: cursor == keys))
        }
        for step in 0..<100_000 {
            switch scheduler.next(worker: 0, after: event, nowSeconds: Double(step)) {
            case .connect: event = .connected
            case .claim: event = cursor < keys ? .claimed(range) : .nothingClaimable(unfinished: 0)
            case .send(_, let count, _, let first):
                pipe.append((count, first))
                event = .sent
            case .receive:
                let sent = pipe.removeFirst()
                event = tryKeys(sent.keys, first: sent.first)
                if case .failed = event {
                    for (count, first) in pipe { _ = tryKeys(count, first: first) }
                    pipe = []
                }
            case .probe(_, let first):
                event = tryKeys(1, first: first)
                if case .failed(let failure) = event {
                    event = .poisoned(PoisonKey(columns: ["\(cursor + 1)"], failure: failure))
                }
            case .quarantine(_, let key, _):
                outcome.transactions += 1
                #expect(key.columns == ["\(cursor + 1)"])
                if outcome.setAside.count >= maxQuarantine {
                    event = .quarantined(.full)
                } else {
                    cursor += 1
                    outcome.setAside.append(cursor)
                    event = .quarantined(.setAside(finishedRange: cursor == keys))
                }
            case .release: event = .released
            case .exit: return (outcome, scheduler.outcome)
            default: event = .waited
            }
        }
        Issue.record("no end")
        return (outcome, nil)
    }

    @Test(arguments: [1, 2, 3, 7, 64, 100, 1_000, 5_000])
    func aPoisonKeyCostsNoMoreThanTheLogarithmOfABatchAndFour(batch: Int) {
        let keys = 3 * batch + 2
        let clean = play(keys: keys, batch: batch, poison: []).0.transactions
        let log2 = Double(batch).logarithm2
        for place in stride(from: 1, through: keys, by: max(1, keys / 23)) + [1, keys] {
            let (outcome, end) = play(keys: keys, batch: batch, poison: [place])
            #expect(end == .completed)
            #expect(outcome.setAside == [place])
            #expect(outcome.changed == (1...keys).filter { $0 != place })
            let extra = outcome.transactions - clean
            #expect(Double(extra) <= log2 + 4, "batch \(batch), key \(place): \(extra) extra")
        }
    }

    @Test func anyNumberOfPoisonKeysAnywhereIsSetAsideAndNoOther() {
        var random = SeededGenerator(seed: 7)
        for seed in 0..<300 {
            let keys = 1 + Int(random.next() % 300)
            let batch = 1 + Int(random.next() % 80)
            let share = 2 + random.next() % 40
            let poison = Set((1...keys).filter { _ in random.next() % share == 0 })
            let (outcome, end) = play(keys: keys, batch: batch, poison: poison)
            #expect(end == .completed, "case \(seed)")
            #expect(outcome.setAside == poison.sorted(), "case \(seed)")
            #expect(outcome.changed == (1...keys).filter { !poison.contains($0) }, "case \(seed)")
        }
    }

    @Test func aRunThatFailsEverywhereStopsAtTheLimit() {
        let (outcome, end) = play(keys: 500, batch: 50, poison: Set(1...500), maxQuarantine: 5)
        #expect(outcome.setAside == [1, 2, 3, 4, 5])
        guard case .failed(let failure) = end else {
            Issue.record("ended with \(String(describing: end))")
            return
        }
        #expect(failure.message.contains("--max-quarantine"))
        #expect(failure.message.contains("check"))
    }

    @Test func whereNoKeyMayBeSetAsideTheFirstErrorStopsTheRun() {
        let (outcome, end) = play(keys: 50, batch: 10, poison: [20], maxQuarantine: 0)
        #expect(outcome.setAside == [])
        #expect(end == .failed(Failure(origin: .server, sqlState: "23514", message: "check")))
    }
}

extension Double {
    /// Without Foundation: how often a half of it is taken before one is left.
    fileprivate var logarithm2: Double {
        var (rest, whole) = (self, 0.0)
        while rest >= 2 { (rest, whole) = (rest / 2, whole + 1) }
        // Linear between powers of two, which is below the logarithm.
        return whole + (rest - 1)
    }
}
