import SluicePostgres

/// What a throttle query's answer means.
enum ThrottleAnswer {
    /// Why no batch may start, in words, or `nil`: true, a number other than zero, or a text that
    /// does not say no.
    static func reason(_ answer: QueryResult) -> String? {
        guard answer.rows.count <= 1, answer.columns.count == 1 else {
            return "--throttle-query answered \(answer.rows.count) rows of "
                + "\(answer.columns.count) columns instead of one of one"
        }
        guard let value = answer.scalar, says(value) else { return nil }
        return "--throttle-query answered \(shown(value))"
    }

    /// Whether a text means yes: everything but what PostgreSQL takes for a false boolean, zero,
    /// and nothing at all.
    static func says(_ value: String) -> Bool {
        let word = value.trimmingSpaces().lowercased()
        if let number = Double(word) { return number != 0 }
        return !["", "f", "false", "n", "no", "off"].contains(word)
    }

    /// Characters of an answer that are repeated: it stands in a line of the live view.
    private static let shownMax = 60

    private static func shown(_ value: String) -> String {
        let line = value.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > shownMax ? line.prefix(shownMax - 1) + "…" : line
    }
}
