/// Numbers as charts and tables show them.
enum Decimals {
    /// A number with so many digits behind the point.
    static func text(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "–" }
        var unit = 1.0
        for _ in 0..<digits { unit *= 10 }
        let whole = Int64((abs(value) * unit).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(whole)" }
        let behind = String(whole % Int64(unit))
        return sign + "\(whole / Int64(unit))."
            + String(repeating: "0", count: digits - behind.count) + behind
    }
}
