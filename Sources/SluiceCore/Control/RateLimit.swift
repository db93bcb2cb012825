/// What limits a run's rate now, in words for a person.
enum RateLimit {
    /// The first of what holds: something that stops everything, the gate, the number of workers.
    static func words(_ steering: BatchSteering, _ limits: Limits) -> String {
        if let stop = steering.stopWords { return stop }
        if steering.control.isGated, let wait = steering.lastWait { return wait.words(limits) }
        switch steering.control.workersBound {
        case .foreground: return "the application's latency (--foreground-budget)"
        case .look:
            return "a first look at what the application's statements take beside batches "
                + "(--foreground-budget)"
        case .gain: return "the server: more workers change no more rows"
        case .window: return "the replicas, which replay no faster"
        case .locks: return "other sessions, which waited for its locks"
        case .workers: return "the number of workers (--workers \(limits.workers.upperBound))"
        }
    }
}

extension WaitReason {
    /// The reason in words; the lag's limit is the user's.
    ///
    /// `required` are replicas without which nothing starts: none of them is ever forgotten.
    func words(_ limits: Limits, required: Set<String> = []) -> String {
        let limit = limits.maxLagSeconds.map { " (limit \(LagGate.tenths($0)) s)" } ?? ""
        switch self {
        case .windowFull(let replica, let lagSeconds):
            return "replica \(replica), which replays no faster "
                + "(\(LagGate.tenths(lagSeconds)) s behind)"
        case .replicaDraining(let replica, let drainSeconds):
            return "replica lag: \(replica) needs \(LagGate.tenths(drainSeconds)) s to replay what "
                + "it has\(limit)"
        case .replicaBehind(let replica, let lagSeconds):
            return "replica lag \(LagGate.tenths(lagSeconds)) s\(limit): \(replica)"
        case .replicaMissing(let replica, let missingSeconds):
            return "replica \(replica) is gone since \(LagGate.tenths(missingSeconds)) s: bring it "
                + "back, "
                + (required.contains(replica)
                    ? "or use --max-lag off"
                    : "drop its slot, or have it forgotten by --max-lag off, which can be tuned "
                        + "back once batches go on")
        case .paced(let bytesPerSecond):
            return "the replicas, which replay \(Self.megabytes(bytesPerSecond))"
        case .rowRate(let rowsPerSecond):
            let all = limits.maxRowsPerSecond ?? rowsPerSecond
            return "--max-rate \(Int(all.rounded())) rows/s"
                + Self.sharing(all, of: rowsPerSecond)
        case .walRate(let bytesPerSecond):
            let all = limits.maxWalBytesPerSecond ?? bytesPerSecond
            return "--max-wal \(Self.megabytes(all))" + Self.sharing(all, of: bytesPerSecond)
        case .signalsMissing: return "a first look at the server"
        case .signalsStale(let ageSeconds):
            return "the server, which has not said how it is for \(LagGate.tenths(ageSeconds)) s"
        case .workersBusy(let workers): return "\(workers) batches that are running"
        }
    }

    /// By how many processes a rate is shared of which one has so much.
    private static func sharing(_ all: Double, of share: Double) -> String {
        let processes = share > 0 ? Int((all / share).rounded()) : 1
        return processes > 1 ? ", which \(processes) processes share" : ""
    }

    private static func megabytes(_ bytesPerSecond: Double) -> String {
        LagGate.tenths(bytesPerSecond / 1_000_000) + " MB/s"
    }
}
