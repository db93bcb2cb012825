/// The rate of one who knows everything, keeps both limits, and needs no queue.
struct Oracle {
    private let scenario: Scenario
    private var known: [Double?]

    init(_ scenario: Scenario) {
        self.scenario = scenario
        known = Array(repeating: nil, count: Int(scenario.seconds) + 1)
    }

    /// Rows a second at a time, constant within a second.
    mutating func rowsPerSecond(_ seconds: Double) -> Double {
        let index = Int(seconds)
        if let rate = known[index] { return rate }
        let rate = compute(Double(index) + 0.5)
        known[index] = rate
        return rate
    }

    private func compute(_ seconds: Double) -> Double {
        min(replicaRows(seconds), serverRows(seconds))
    }

    private func replicaRows(_ seconds: Double) -> Double {
        var bytes = Double.infinity
        for replica in 0..<scenario.replicas {
            guard scenario.isConnected(replica, seconds) else { return 0 }
            bytes = min(bytes, scenario.apply(replica, seconds))
        }
        let free = max(0, bytes - scenario.foregroundBytes(seconds))
        return free / (scenario.bytesPerRow(seconds) * scenario.fullPageFactor(seconds))
    }

    private func serverRows(_ seconds: Double) -> Double {
        let load = scenario.load(seconds)
        let rows = rowsPerWorkSecond(seconds)
        var best = 0.0
        var active = 0.25
        while active <= Double(Duty.workersMax) {
            let used = scenario.utilisation(active: active, load: load)
            if scenario.foregroundSeconds / (1 - used) <= Duty.foregroundSecondsMax {
                let speed = scenario.speed(active: max(1, active), load: load)
                best = max(best, active * speed * rows)
            }
            active += 0.25
        }
        return best
    }

    /// With the best of some batch sizes that last no longer than half a second.
    private func rowsPerWorkSecond(_ seconds: Double) -> Double {
        let cost = scenario.rowSeconds(seconds)
        var best = 0.0
        for rows in [10.0, 30, 100, 300, 1000, 2000, 4000, 8000, 12000] {
            let work = scenario.fixedSeconds + cost * rows * (1 + rows / scenario.superlinearRows)
            if work <= 0.5 { best = max(best, rows / work) }
        }
        return best > 0 ? best : 1 / (scenario.fixedSeconds + cost)
    }
}
