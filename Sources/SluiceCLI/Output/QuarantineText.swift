import Sluice

/// Quarantined rows, for people.
enum QuarantineText {
    /// A line for each key: number, key, and what it failed with.
    static func table(_ keys: [QuarantinedKey]) -> String {
        guard !keys.isEmpty else { return "no rows in quarantine" }
        return keys.map(line).joined(separator: "\n")
    }

    static func line(_ key: QuarantinedKey) -> String {
        let text = key.key.count == 1 ? key.key[0] : "(" + key.key.joined(separator: ", ") + ")"
        return "\(key.number)  \(Printable.clean(key.table ?? "?")) \(Printable.clean(text))  "
            + Printable.clean(key.message) + (key.isSkipped ? "  (skipped)" : "")
    }

    /// What came of a retry.
    static func sentence(_ retry: QuarantineRetry) -> String {
        let settled =
            Format.count(retry.settled, "key") + " settled, "
            + Format.count(retry.rowsChanged, "row") + " changed"
        let failed = retry.failed.map { "\nfailed again: " + line($0) }.joined()
        return settled + "; " + left(retry.remaining) + failed
    }

    /// How many rows are left.
    static func left(_ count: Int) -> String {
        count == 0 ? "none is left in quarantine" : Format.count(count, "row") + " in quarantine"
    }
}
