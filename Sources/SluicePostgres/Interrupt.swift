internal import Synchronization

/// The wish to end one operation early, from any thread.
///
/// It belongs to one operation: fired too late, it is nobody's.
final class Interrupt: Sendable {
    private let thread: ConnectionThread
    private let fired = Mutex(false)

    init(thread: ConnectionThread) { self.thread = thread }

    var isFired: Bool { fired.withLock { $0 } }

    func fire() {
        fired.withLock { $0 = true }
        thread.wake()
    }
}

/// The time by which an operation must have ended; nil is never.
struct Deadline: Sendable {
    let instant: ContinuousClock.Instant?

    init(after timeout: Duration?) {
        instant = timeout.map { ContinuousClock.now + $0 }
    }

    /// The one of two that comes first.
    func sooner(_ other: Deadline) -> Deadline {
        guard let instant else { return other }
        guard let otherInstant = other.instant else { return self }
        return instant < otherInstant ? self : other
    }

    var hasPassed: Bool { instant.map { $0 <= ContinuousClock.now } ?? false }

    /// For `poll`: rounded up, -1 for never.
    var remainingMilliseconds: Int32 {
        guard let instant else { return -1 }
        let left = ContinuousClock.now.duration(to: instant)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        // 10^15 attoseconds are a millisecond; a day is as good as for ever, and fits.
        let milliseconds = min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000
        return Int32(clamping: milliseconds + 1)
    }
}
