import Logging
import SluiceCore

/// One task with a connection of its own that does what the scheduler says.
struct Worker: Sendable {
    let id: Int
    let context: RunContext
    let coordinator: Coordinator

    /// Works until told to exit.
    func run() async {
        var hands = WorkerHands(context: context)
        var event = WorkerEvent.started
        while true {
            // Cancelling the root task is shutdown: nothing more is begun.
            if Task.isCancelled { await coordinator.stop(.drained) }
            let action = await coordinator.next(worker: id, after: event)
            if action == .exit { break }
            event = await hands.perform(action, limits: await coordinator.view.limits)
            if case .failed(let failure) = event {
                context.logger.info(
                    "batch failed", metadata: ["worker": "\(id)", "error": "\(failure.message)"])
            }
        }
        await hands.close()
    }
}
