import Synchronization

/// The highest timeline on which a process has met its run.
///
/// Failovers raise it in mid-run; a server on a lower one is a primary from before the last of
/// them, and what it says of the run is history.
final class TimelineRecord: Sendable {
    private let highest: Mutex<Int>

    init(_ timeline: Int) {
        highest = Mutex(timeline)
    }

    /// How a server's timeline compares with what is known.
    enum Verdict: Sendable, Equatable {
        case older, known, newer
    }

    /// Compares without taking over.
    func judge(_ timeline: Int) -> Verdict {
        highest.withLock { timeline < $0 ? .older : timeline == $0 ? .known : .newer }
    }

    /// From now on whatever is lower is refused.
    func raise(to timeline: Int) {
        highest.withLock { $0 = max($0, timeline) }
    }
}
