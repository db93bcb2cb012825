/// A condition that did not come about in time.
package struct ConditionNotMet: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Waits until a condition holds, looking often, and gives up after `deadline`.
package func eventually(
    _ what: String, within deadline: Duration = .seconds(20),
    every pause: Duration = .milliseconds(15), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw ConditionNotMet(description: "not within \(deadline): \(what)")
        }
        try await Task.sleep(for: pause)
    }
}
