import SluicePostgres

/// Hands out steps along the key to several workers, each bound found on a connection of its own.
actor StepQueue {
    private var walk: KeyWalk

    init(_ job: FillJob, _ connection: PostgresConnection) {
        walk = KeyWalk(job, connection)
    }

    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// The next step of so many keys; `nil` behind the last key.
    func next(keys: Int) async throws -> KeyWalk.Step? {
        // One bound after the other: each begins where the one before ends.
        while isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            isBusy = false
            if !waiting.isEmpty { waiting.removeFirst().resume() }
        }
        var walk = walk
        let step = try await walk.next(keys: keys)
        self.walk = walk
        return step
    }
}
