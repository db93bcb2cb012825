import Synchronization

/// Backends of this process whose batch was cancelled since somebody waited for it: their workers
/// must not take that for an administrator's cancel.
final class YieldRecord: Sendable {
    private let pids = Mutex<Set<Int32>>([])

    /// Notes a backend just before its batch is cancelled.
    func note(_ pid: Int32) {
        pids.withLock { _ = $0.insert(pid) }
    }

    /// Whether the backend's cancelled batch was to make way; asks once.
    func take(_ pid: Int32) -> Bool {
        pids.withLock { $0.remove(pid) != nil }
    }
}
