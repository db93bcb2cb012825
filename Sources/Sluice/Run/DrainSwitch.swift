import Synchronization

/// Asks a run to end after the batches that are under way; once thrown it stays thrown.
public final class DrainSwitch: Sendable {
    private let thrown = Mutex(false)

    /// A switch that is not thrown.
    public init() {}

    /// Asks the run to drain.
    public func drain() {
        thrown.withLock { $0 = true }
    }

    /// Whether draining was asked for.
    public var isDraining: Bool { thrown.withLock { $0 } }
}
