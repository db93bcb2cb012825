/// Lets a few tests through at once, or one alone: what is measured in seconds must not share the
/// machine, and the shared server has no more than a hundred sessions to give.
///
/// Those that want to be alone come last, one after the other: with others in between, the places
/// would stand empty before each of them until the longest of the others is done.
package actor Turnstile {
    package static let shared = Turnstile(places: 4)

    private let places: Int
    private var taken = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var waitingAlone: [CheckedContinuation<Void, Never>] = []

    package init(places: Int) {
        self.places = places
    }

    /// Runs the body with one place, or with all of them.
    package nonisolated func pass<Value: Sendable>(
        alone: Bool, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        await enter(alone: alone)
        do {
            let value = try await body()
            await leave(alone: alone)
            return value
        } catch {
            await leave(alone: alone)
            throw error
        }
    }

    private func enter(alone: Bool) async {
        await withCheckedContinuation { continuation in
            if alone { waitingAlone.append(continuation) } else { waiting.append(continuation) }
            admit()
        }
    }

    private func leave(alone: Bool) {
        taken -= alone ? places : 1
        admit()
    }

    private func admit() {
        while taken < places, !waiting.isEmpty {
            taken += 1
            waiting.removeFirst().resume()
        }
        if taken == 0, !waitingAlone.isEmpty {
            taken = places
            waitingAlone.removeFirst().resume()
        }
    }
}
