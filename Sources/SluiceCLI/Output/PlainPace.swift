/// Decides when a plain line is due: the first one at once, then about every five seconds, and
/// at once when what the run waits for changes.
struct PlainPace {
    /// Seconds between lines: a log of an hour stays under a thousand lines.
    static let intervalSeconds = 5.0

    private var lastSeconds: Double?
    private var lastWaiting: String?

    /// Whether a line is due, so many seconds after the start.
    mutating func isDue(atSeconds now: Double, waitingFor: String?) -> Bool {
        if let lastSeconds {
            // Seconds in a reason count up; a new number in it is no new reason.
            let changed = Self.shape(waitingFor) != Self.shape(lastWaiting)
            let elapsed = now - lastSeconds
            guard elapsed >= Self.intervalSeconds || (changed && elapsed >= 1) else {
                return false
            }
        }
        lastSeconds = now
        lastWaiting = waitingFor
        return true
    }

    private static func shape(_ reason: String?) -> String? {
        reason.map { $0.filter { !$0.isNumber && $0 != "." } }
    }
}
