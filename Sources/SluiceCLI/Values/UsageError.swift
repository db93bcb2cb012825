/// What was asked for cannot be done as it was asked: one sentence with the cure, exit code 64.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
