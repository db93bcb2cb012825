/// Bounds between two UUIDs by arithmetic on their first eight bytes.
///
/// PostgreSQL orders UUIDs as sixteen unsigned bytes, so the first eight decide for random keys;
/// time-ordered ones (version 7) carry their time there as well.
public enum UUIDBounds {
    /// At most `count - 1` distinct UUIDs strictly between the two, ascending; none when either is
    /// no UUID.
    public static func interior(minimum: String, maximum: String, count: Int) -> [String] {
        guard let low = prefix(minimum), let high = prefix(maximum), count > 1, low < high else {
            return []
        }
        let width = high - low
        var bounds: [String] = []
        var last = low
        for part in 1..<UInt64(count) {
            let scaled = width.multipliedFullWidth(by: part)
            let bound = low + UInt64(count).dividingFullWidth(scaled).quotient
            guard bound > last, bound < high else { continue }
            bounds.append(format(bound))
            last = bound
        }
        return bounds
    }

    private static func prefix(_ uuid: String) -> UInt64? {
        let digits = uuid.filter { $0 != "-" }
        guard digits.utf8.count == 32 else { return nil }
        return UInt64(digits.prefix(16), radix: 16)
    }

    private static func format(_ prefix: UInt64) -> String {
        let hex = String(prefix, radix: 16)
        let padded = String(repeating: "0", count: 16 - hex.utf8.count) + hex
        let first = padded.prefix(8)
        let second = padded.dropFirst(8).prefix(4)
        return "\(first)-\(second)-\(padded.dropFirst(12))-0000-000000000000"
    }
}
