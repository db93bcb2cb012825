/// Durations as people type them: `500ms`, `10s`, `2m`, `1h`, `1.5s`.
enum DurationText {
    /// Longest duration taken, in seconds: a year, past which a number is a slip of the finger.
    static let secondsMax = 31_536_000.0

    private static let units: [(suffix: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("min", 60), ("h", 3_600),
    ]

    /// Seconds, never negative.
    /// - Throws: `UsageError` that names `option`.
    static func seconds(_ text: String, for option: String) throws(UsageError) -> Double {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(number.count).lowercased()
        guard let unit = units.first(where: { $0.suffix == suffix }), let value = Double(number)
        else {
            throw UsageError(
                "\(option) takes a duration such as 500ms, 10s, 2m or 1h, not \(quote(text))")
        }
        let seconds = value * unit.seconds
        guard seconds <= secondsMax else {
            throw UsageError("\(option) must be at most a year, not \(quote(text))")
        }
        return seconds
    }

    /// A duration as an option would take it: `500ms`, `10s`, `1.5s`.
    static func text(_ seconds: Double) -> String {
        let milliseconds = (seconds * 1_000).rounded()
        if milliseconds < 1_000 { return "\(Int(milliseconds))ms" }
        let whole = milliseconds.truncatingRemainder(dividingBy: 1_000) == 0
        return whole ? "\(Int(milliseconds / 1_000))s" : "\(milliseconds / 1_000)s"
    }

    /// Whole milliseconds above zero, within what a setting of the server can hold.
    /// - Throws: `UsageError` that names `option`.
    static func milliseconds(_ text: String, for option: String) throws(UsageError) -> Int {
        let milliseconds = try (seconds(text, for: option) * 1_000).rounded()
        guard milliseconds >= 1, milliseconds <= Double(Int32.max) else {
            throw UsageError(
                "\(option) must be between 1ms and 596h, not \(quote(text)): try \(option) 2s")
        }
        return Int(milliseconds)
    }
}

/// A value of the user's as a sentence shows it: bounded, on one line, nothing that moves a cursor.
func quote(_ text: String) -> String {
    let clean = Printable.clean(text)
    return "\"" + (clean.count > 60 ? clean.prefix(59) + "…" : clean) + "\""
}
