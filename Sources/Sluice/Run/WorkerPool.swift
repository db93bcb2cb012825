import SluiceCore

/// Runs workers as the coordinator asks for them, until its part in the run is over.
struct WorkerPool: Sendable {
    let context: RunContext
    let coordinator: Coordinator

    func run() async {
        await coordinator.startWorkers()
        await withDiscardingTaskGroup { group in
            for await id in coordinator.starts {
                let worker = Worker(id: id, context: context, coordinator: coordinator)
                group.addTask { await worker.run() }
            }
        }
    }
}
