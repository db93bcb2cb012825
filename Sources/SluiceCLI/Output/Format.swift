/// Numbers, durations and sizes as people read them.
enum Format {
    /// `1,234,567`.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// `1 row`, `2 rows`.
    static func count(_ value: Int, _ noun: String) -> String {
        "\(count(value)) \(noun)" + (value == 1 ? "" : "s")
    }

    /// One digit behind the point, rounded down: `99.96` is not yet `100.0`.
    static func percent(_ value: Double) -> String {
        let tenths = Int((min(max(value.isFinite ? value : 0, 0), 100) * 10).rounded(.down))
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// `1,234 rows/s`, or `0.4 rows/s` for the very slow.
    static func rate(_ perSecond: Double, _ noun: String = "rows") -> String {
        let value = perSecond.isFinite ? max(0, perSecond) : 0
        return (value > 0 && value < 9.95 ? decimal(value) : whole(value)) + " \(noun)/s"
    }

    /// `0.4 s`, `12 s`, `2 min 05 s`, `3 h 07 min`, `2 d 04 h`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "–" }
        if seconds < 9.95 { return decimal(seconds) + " s" }
        let total = Int(min(seconds, 1e12).rounded())
        let (minutes, hours, days) = (total / 60, total / 3_600, total / 86_400)
        if total < 60 { return "\(total) s" }
        if total < 3_600 { return "\(minutes) min \(two(total % 60)) s" }
        if total < 86_400 { return "\(hours) h \(two(minutes % 60)) min" }
        return "\(days) d \(two(hours % 24)) h"
    }

    /// `812 B`, `4.0 MiB`, `1.9 GiB`.
    static func bytes(_ count: Int) -> String {
        var value = Double(max(0, count))
        guard value >= 1_024 else { return "\(max(0, count)) B" }
        var unit = ""
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] where value >= 1_023.95 || unit.isEmpty {
            value /= 1_024
            unit = next
        }
        return value < 99.95 ? "\(decimal(value)) \(unit)" : "\(whole(value)) \(unit)"
    }

    /// `3.4 ms`.
    static func milliseconds(_ value: Double) -> String {
        value < 99.95 ? decimal(value) + " ms" : whole(value) + " ms"
    }

    /// One digit behind the point.
    static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(count(tenths / 10)).\(abs(tenths % 10))"
    }

    private static func whole(_ value: Double) -> String { count(Int(min(value, 1e15).rounded())) }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
