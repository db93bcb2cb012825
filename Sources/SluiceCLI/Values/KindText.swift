import Sluice
import SluiceCore

/// Reads what kind of job is meant, on the command line or in a job file.
enum KindText {
    /// The kind with that name.
    static func kind(_ text: String, for option: String) throws(UsageError) -> JobKind {
        try value(text, for: option)
    }

    /// What becomes of rows that are in the target already.
    static func policy(_ text: String, for option: String) throws(UsageError) -> ConflictPolicy {
        try value(text, for: option)
    }

    private static func value<Value: CaseIterable & RawRepresentable>(
        _ text: String, for option: String
    ) throws(UsageError) -> Value where Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue)
        if let value = Value(rawValue: text.lowercased()) { return value }
        let hint = NearestWord.to(text, among: words).map { "; did you mean \($0)?" } ?? ""
        throw UsageError(
            "\(option) takes \(words.joined(separator: ", ")), not \(quote(text))\(hint)")
    }
}
