/// Lets a few tests through at once, or one alone: what is measured in seconds must not share the
/// machine, and the shared server has no more than a hundred sessions to give.
package actor Turnstile {
    package static let shared = Turnstile(places: 4)

    private let places: Int
    private var taken = 0
    private var waiting: [(places: Int, continuation: CheckedContinuation<Void, Never>)] = []

    package init(places: Int) {
        self.places = places
    }

    /// Runs the body with one place, or with all of them.
    package nonisolated func pass<Value: Sendable>(
        alone: Bool, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let wanted = alone ? places : 1
        await enter(wanted)
        do {
            let value = try await body()
            await leave(wanted)
            return value
        } catch {
            await leave(wanted)
            throw error
        }
    }

    private func enter(_ wanted: Int) async {
        if waiting.isEmpty, taken + wanted <= places {
            taken += wanted
            return
        }
        await withCheckedContinuation { waiting.append((wanted, $0)) }
    }

    private func leave(_ wanted: Int) {
        taken -= wanted
        while let next = waiting.first, taken + next.places <= places {
            taken += next.places
            waiting.removeFirst().continuation.resume()
        }
    }
}
