/// How long to wait before trying again.
public enum Backoff {
    /// The first wait of each kind, in seconds, and the longest it grows to.
    struct Bounds {
        let firstSeconds: Double
        let mostSeconds: Double
    }

    /// The wait before attempt `attempt` (1 is the first retry), doubling up to a ceiling and
    /// spread by `jitter` in `[0, 1)` over the upper half, so that workers which failed together
    /// do not come back together.
    public static func seconds(
        _ failureClass: FailureClass, attempt: Int, jitter: Double
    ) -> Double {
        let bounds = bounds(of: failureClass)
        let doublings = Double(min(max(attempt, 1) - 1, 20))
        var wait = bounds.firstSeconds
        for _ in 0..<Int(doublings) where wait < bounds.mostSeconds { wait *= 2 }
        wait = min(wait, bounds.mostSeconds)
        return wait * (0.5 + jitter / 2)
    }

    private static func bounds(of failureClass: FailureClass) -> Bounds {
        switch failureClass {
        // Waiting does not make a row better.
        case .poison: Bounds(firstSeconds: 0, mostSeconds: 0)
        // A deadlock's victim may go again at once; a held lock rarely lasts over seconds.
        case .retry, .shrink, .yield: Bounds(firstSeconds: 0.05, mostSeconds: 5)
        case .administrator: Bounds(firstSeconds: 1, mostSeconds: 5)
        // A restart takes about a second, a failover up to a minute.
        case .reconnect: Bounds(firstSeconds: 0.1, mostSeconds: 5)
        // Somebody has to free something: no use in asking more often.
        case .resources, .stop: Bounds(firstSeconds: 2, mostSeconds: 15)
        }
    }
}
