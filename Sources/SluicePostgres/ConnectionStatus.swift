internal import Synchronization

/// What anyone may know about a connection without waiting for its thread.
final class ConnectionStatus: Sendable {
    private struct State {
        var isUsable = false
        var outstandingBatches = 0
        var isInTransaction = false
        var backendPID: Int32 = 0
        var serverVersion = 0
        var endReason: String?
        var running: Interrupt?
        var opening: [Statement] = []
        var parameters = ConnectionParameters()
    }

    private let state = Mutex(State())

    var isUsable: Bool { state.withLock { $0.isUsable } }
    var outstandingBatches: Int { state.withLock { $0.outstandingBatches } }
    var isInTransaction: Bool { state.withLock { $0.isInTransaction } }
    var backendPID: Int32 { state.withLock { $0.backendPID } }
    var serverVersion: Int { state.withLock { $0.serverVersion } }
    var endReason: String? { state.withLock { $0.endReason } }

    var parameters: ConnectionParameters { state.withLock { $0.parameters } }

    var opening: [Statement] {
        get { state.withLock { $0.opening } }
        set { state.withLock { $0.opening = newValue } }
    }

    func established(backendPID: Int32, serverVersion: Int, parameters: ConnectionParameters) {
        state.withLock { state in
            state.isUsable = true
            state.backendPID = backendPID
            state.serverVersion = serverVersion
            state.parameters = parameters
        }
    }

    func ended(because reason: String) {
        state.withLock { state in
            state.isUsable = false
            state.outstandingBatches = 0
            state.isInTransaction = false
            state.endReason = state.endReason ?? reason
        }
    }

    /// Arms `interruptRunning`.
    func started(_ interrupt: Interrupt) {
        state.withLock { $0.running = interrupt }
    }

    /// Disarms it.
    func finished(outstandingBatches: Int, isInTransaction: Bool) {
        state.withLock { state in
            state.running = nil
            state.outstandingBatches = outstandingBatches
            state.isInTransaction = isInTransaction
        }
    }

    /// Fires the interrupt of the running operation, if one is running.
    func interruptRunning() {
        state.withLock { $0.running }?.fire()
    }
}
