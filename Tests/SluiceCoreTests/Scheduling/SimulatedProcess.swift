import SluiceCore

/// One process of a simulated run: its scheduler, and what its workers' connections would do.
struct SimulatedProcess {
    struct Sent {
        let range: HeldRange
        let keys: Int
        let firstOfRange: Bool
    }

    let owner: Int
    var scheduler: RunScheduler
    var pending: [Int: WorkerEvent] = [:]
    var pipes: [Int: [Sent]] = [:]
    var highestInFlight = 0
    var sentWhileClosed = 0

    init(owner: Int, limits: Limits, seed: UInt64) {
        self.owner = owner
        scheduler = RunScheduler(limits: limits, seed: seed)
        startWorkers()
    }

    mutating func startWorkers() {
        for id in scheduler.workersToStart() { pending[id] = .started }
    }

    /// One worker takes one step; faults strike with the probabilities given.
    mutating func step(
        ledger: inout SimulatedLedger, gone: Set<Int>, faults: Faults, now: inout Double,
        random: inout SeededGenerator
    ) {
        guard let id = pending.keys.sorted().randomElement(using: &random),
            let event = pending[id]
        else { return }
        let action = scheduler.next(worker: id, after: event, nowSeconds: now)
        pending[id] = perform(
            action, worker: id, ledger: &ledger, gone: gone, faults: faults, now: &now,
            random: &random)
    }

    private mutating func perform(
        _ action: WorkerAction, worker: Int, ledger: inout SimulatedLedger, gone: Set<Int>,
        faults: Faults, now: inout Double, random: inout SeededGenerator
    ) -> WorkerEvent? {
        if action != .exit, random.nextUnit() < faults.lost {
            return lose(worker, ledger: &ledger, random: &random)
        }
        switch action {
        case .connect: return .connected
        case .claim:
            if let range = ledger.claim(owner: owner, gone: gone) { return .claimed(range) }
            return .nothingClaimable(unfinished: ledger.unfinished)
        case .split(let batchKeys):
            return .split(ledger.split(owner: owner, batchKeys: batchKeys, random: &random))
        case .send(let range, let keys, _, let first):
            if scheduler.gateReason != nil || scheduler.outcome != nil { sentWhileClosed += 1 }
            pipes[worker, default: []].append(Sent(range: range, keys: keys, firstOfRange: first))
            highestInFlight = max(highestInFlight, pipes[worker, default: []].count)
            return .sent
        case .probe(let range, let first):
            if random.nextUnit() < 0.5 {
                let failure = Failure(origin: .server, sqlState: "23514", message: "no")
                return .poisoned(PoisonKey(columns: ["next"], failure: failure))
            }
            let counts = ledger.commit(range, owner: owner, keys: 1, firstOfRange: first)
            return counts.map(WorkerEvent.committed) ?? .fenceMissed
        case .quarantine(let range, _, let first):
            if random.nextUnit() < 0.1 { return .quarantined(.moved) }
            let counts = ledger.commit(range, owner: owner, keys: 1, firstOfRange: first)
            return .quarantined(
                counts.map { .setAside(finishedRange: $0.finishedRange) } ?? .fenceLost)
        case .receive: return receive(worker, ledger: &ledger, faults: faults, random: &random)
        case .reattach(let range): return .reattached(ledger.reattach(range, owner: owner))
        case .renew(let range): return .renewed(ledger.renew(range, owner: owner))
        case .release(let range):
            ledger.release(range, owner: owner)
            return .released
        case .wait(let seconds):
            now += seconds
            return .waited
        case .exit: return nil
        case .survey, .sendLane, .lookAtHorizon, .probeLane, .quarantineLane, .sendPages,
            .skipLane:
            preconditionFailure("no lanes and no pages without facts of the table")
        }
    }

    private mutating func receive(
        _ worker: Int, ledger: inout SimulatedLedger, faults: Faults,
        random: inout SeededGenerator
    ) -> WorkerEvent {
        let sent = pipes[worker, default: []].removeFirst()
        if random.nextUnit() < faults.refused {
            // What follows in the pipe is not executed either.
            pipes[worker] = []
            let states = ["40P01", "55P03", "57014", "53100", "23514"]
            return .failed(
                Failure(
                    origin: .server, sqlState: states.randomElement(using: &random), message: "no",
                    elapsedMilliseconds: random.nextUnit() < 0.5 ? 20_000 : 1))
        }
        let counts = ledger.commit(
            sent.range, owner: owner, keys: sent.keys, firstOfRange: sent.firstOfRange)
        return counts.map(WorkerEvent.committed) ?? .fenceMissed
    }

    /// The connection is lost; what was in the pipe may or may not have been committed.
    private mutating func lose(
        _ worker: Int, ledger: inout SimulatedLedger, random: inout SeededGenerator
    ) -> WorkerEvent {
        for sent in pipes[worker, default: []] where random.nextUnit() < 0.5 {
            _ = ledger.commit(
                sent.range, owner: owner, keys: sent.keys, firstOfRange: sent.firstOfRange)
        }
        pipes[worker] = []
        return .failed(Failure(origin: .connectionLost, message: "gone"))
    }
}

/// How likely things go wrong at each step.
struct Faults {
    let lost: Double
    let refused: Double
}
