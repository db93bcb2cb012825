/// Vitess's MaxReplicationLagModule for one replica, in three zones of whole seconds of lag.
///
/// Up to 2 s the rate grows from the best known good one, up to half the limit it follows the
/// replica's rate, above that it is halved. Known bad rates fade by 10 % in 180 s. 8 workers.
package struct Vitess: Controller {
    private enum Zone: Int { case increase, decrease, emergency }

    package let periodSeconds: Double
    package private(set) var command = Command(keys: 1000, workers: 8)
    private var sizer = WeightedRateSizer()
    private var history: [(seconds: Double, rows: Double)] = []
    private var good = 0.0
    private var bad = 0.0
    private var badUntil = 0.0
    private var zone = Zone.increase
    private var underTest: Zone?
    private var changedSeconds = 0.0
    private var lastLag: (seconds: Double, lag: Double)?
    private var nextSeconds: Double

    package init(healthSeconds: Double) {
        periodSeconds = healthSeconds
        nextSeconds = 3 * healthSeconds + 2
        command.ratePerSecond = 2000
    }

    /// Rows a second between two moments; `nil` where nothing was recorded.
    private func rate(from: Double, to: Double) -> Double? {
        var rows = 0.0
        var seconds = 0.0
        for entry in history where entry.seconds > from && entry.seconds <= to {
            rows += entry.rows
            seconds += periodSeconds
        }
        return seconds > 0 ? rows / seconds : nil
    }

    package mutating func poll(_ view: View) {
        let now = view.seconds
        history.append((now, view.rows))
        if history.count > 400 { history.removeFirst() }
        let lag = (view.lagSeconds ?? 0).rounded(.down)
        if bad > 0, now > badUntil {
            bad *= 1.1
            badUntil = now + 180
        }
        let seen: Zone =
            lag <= 2 ? .increase : lag <= Duty.lagSecondsMax / 2 ? .decrease : .emergency
        if seen == .increase, now < 3 * periodSeconds + 2 { return }
        if let underTest, seen.rawValue == underTest.rawValue, now < nextSeconds { return }
        let actual = rate(from: changedSeconds, to: now)
        if let actual { remember(actual, seen, now) }
        let rate: Double?
        switch seen {
        case .increase: rate = increased(actual, now)
        case .decrease: rate = decreased(lag, now)
        case .emergency:
            rate = max(1, command.ratePerSecond * 0.5)
            nextSeconds = now + periodSeconds
        }
        guard let rate else { return }
        underTest = seen
        zone = seen
        changedSeconds = now
        lastLag = (now, lag)
        command.ratePerSecond = rate
    }

    private mutating func remember(_ actual: Double, _ seen: Zone, _ now: Double) {
        if seen == .increase, zone != .emergency {
            if bad == 0 || actual <= bad { good = max(good, actual) }
        } else if zone == .increase || (zone == .decrease && seen == .emergency) {
            let isPlausible = !(good > 0 && actual < 0.9 * good)
            guard bad == 0 || actual < bad, isPlausible else { return }
            bad = actual
            badUntil = now + 180
            if good >= bad { good = 0 }
        }
    }

    private mutating func increased(_ actual: Double?, _ now: Double) -> Double? {
        let current = command.ratePerSecond
        guard let actual, actual >= 0.9 * current else { return nil }
        let previous = good > 0 ? good : actual
        var new = previous * 2
        if bad > 0, new > bad { new = previous + (bad - previous) / 2 }
        if new <= current { new = current + 5 }
        let increase = previous > 0 ? (new - previous) / previous : 1
        let wait = max(2 * periodSeconds, 1 / max(increase, 1e-6) + 2)
        nextSeconds = now + min(wait, 3 * periodSeconds + 2)
        return new
    }

    private mutating func decreased(_ lag: Double, _ now: Double) -> Double? {
        guard let last = lastLag else {
            nextSeconds = now + periodSeconds
            return command.ratePerSecond * 0.75
        }
        let elapsed = max(now - last.seconds, 1e-9)
        let change = lag - last.lag
        if abs(change) <= 1 {
            underTest = .decrease
            return nil
        }
        guard let primary = rate(from: last.seconds, to: now) else { return nil }
        let replica = max(1, primary * (elapsed - change) / elapsed)
        let older = change > 0 ? replica * last.lag : 0
        let behind = older + max(0, (primary - replica) * elapsed)
        let future = replica * periodSeconds
        nextSeconds = now + periodSeconds
        return max(1, replica * (future - behind) / future)
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        let keys = Double(sizer.keys(after: batch))
        command.keys = max(10, Int(min(keys, max(command.ratePerSecond, 100) * 0.5)))
        return 0
    }
}
