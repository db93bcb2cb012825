import Synchronization

/// Where workers rest that have nothing to do for a while: until their time is over, or until there
/// is news for them.
///
/// Without it the workers of a run that is over, or whose gate is open again, would sleep for up to
/// a slice more.
final class Rests: Sendable {
    private struct State {
        var isOver = false
        var next = 0
        var resting: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    /// Shorter rests are over before anybody could be woken, in seconds.
    private static let wakingSecondsMin = 0.03

    private let state = Mutex(State())

    /// Rests for so many seconds, until ``wake()``, ``end()`` or cancellation.
    func rest(seconds: Double) async {
        guard seconds >= Self.wakingSecondsMin else {
            try? await Task.sleep(for: .seconds(seconds))
            return
        }
        let (news, continuation) = AsyncStream<Void>.makeStream()
        let number = state.withLock { state -> Int? in
            guard !state.isOver else { return nil }
            state.next += 1
            state.resting[state.next] = continuation
            return state.next
        }
        guard let number else { return }
        await withDiscardingTaskGroup { group in
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                continuation.finish()
            }
            for await _ in news {}
            group.cancelAll()
        }
        state.withLock { _ = $0.resting.removeValue(forKey: number) }
    }

    /// There is something to do for those that rest.
    func wake() {
        let resting = state.withLock { Array($0.resting.values) }
        for one in resting { one.finish() }
    }

    /// There is nothing more to do: nobody rests any more.
    func end() {
        state.withLock { $0.isOver = true }
        wake()
    }
}
