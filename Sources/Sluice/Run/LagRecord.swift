import Synchronization

/// The highest replica lag that a process saw.
final class LagRecord: Sendable {
    private let highest = Mutex<Double?>(nil)

    func note(_ seconds: Double?) {
        guard let seconds else { return }
        highest.withLock { $0 = max($0 ?? 0, seconds) }
    }

    var seconds: Double? { highest.withLock { $0 } }
}
