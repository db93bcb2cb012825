import SluiceCore

/// Reads the limits of a run as they are typed, on the command line or in a job file.
enum LimitText {
    /// `8` means exactly 8 workers, `1..8` from one to eight.
    static func workers(_ text: String, for option: String) throws(UsageError) -> ClosedRange<Int> {
        let parts = text.split(separator: "..", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { integer(String($0)) }
        guard parts.count <= 2, numbers.count == parts.count else {
            throw UsageError(
                "\(option) takes a number or a span such as 1..8, not \(quote(text))")
        }
        guard let fewest = numbers.first, let most = numbers.last, fewest <= most else {
            throw UsageError(
                "\(option) must go from fewest to most, such as 1..8, not \(quote(text))")
        }
        return try sound(fewest...most) { $0.workers = $1 }
    }

    /// Keys in one batch, or `nil` for `auto`.
    static func batch(_ text: String, for option: String) throws(UsageError) -> Int? {
        if text.lowercased() == "auto" { return nil }
        guard let keys = integer(text) else {
            let isSlip = NearestWord.to(text, among: ["auto"]) != nil
            throw UsageError(
                "\(option) takes a number of keys such as 5000, or auto, not \(quote(text))"
                    + (isSlip ? "; did you mean auto?" : ""))
        }
        return try sound(keys) { $0.batchKeys = $1 }
    }

    /// Bytes of rows in one batch.
    static func bytes(_ text: String, for option: String) throws(UsageError) -> Int {
        try sound(SizeText.bytes(text, for: option)) { $0.batchBytes = $1 }
    }

    /// Seconds, or `nil` for `off`.
    static func maxLag(_ text: String, for option: String) throws(UsageError) -> Double? {
        if text == "off" { return nil }
        let seconds: Double
        do throws(UsageError) {
            seconds = try DurationText.seconds(text, for: option)
        } catch {
            throw UsageError("\(error), or off")
        }
        return try sound(seconds) { $0.maxLagSeconds = $1 }
    }

    /// Whether batches wait for the disk.
    static func commit(_ text: String, for option: String) throws(UsageError) -> Bool {
        switch text {
        case "on", "true", "yes": return true
        case "off", "false", "no": return false
        default: throw UsageError("\(option) takes on or off, not \(quote(text))")
        }
    }

    /// Keys that may be set aside; `off` sets none aside.
    static func maxQuarantine(_ text: String, for option: String) throws(UsageError) -> Int {
        guard let keys = text == "off" ? 0 : integer(text) else {
            throw UsageError("\(option) takes a number of rows such as 100, not \(quote(text))")
        }
        return try sound(keys) { $0.maxQuarantine = $1 }
    }

    /// A number of lanes, `auto` or `off`.
    static func lanes(_ text: String, for option: String) throws(UsageError) -> LaneSetting {
        switch text.lowercased() {
        case "auto": return .auto
        case "off": return .off
        default: break
        }
        guard let lanes = integer(text) else {
            let hint = NearestWord.to(text, among: ["auto", "off"]).map { "; did you mean \($0)?" }
            throw UsageError(
                "\(option) takes auto, off or a number of lanes such as 16, not \(quote(text))"
                    + (hint ?? ""))
        }
        return try sound(.fixed(lanes)) { $0.lanes = $1 }
    }

    /// A share of a table, `auto` or `off`.
    static func vacuum(_ text: String, for option: String) throws(UsageError) -> VacuumSetting {
        if let setting = VacuumSetting(text: text.lowercased()) { return setting }
        let hint = NearestWord.to(text, among: ["auto", "off"]).map { "; did you mean \($0)?" }
        throw UsageError(
            "\(option) takes auto, off or a share of the table from 0.1% to 100%, such as 5%, not "
                + quote(text) + (hint ?? ""))
    }

    /// The order of rows.
    static func order(_ text: String, for option: String) throws(UsageError) -> OrderSetting {
        if let order = OrderSetting(rawValue: text.lowercased()) { return order }
        let words = OrderSetting.allCases.map(\.rawValue)
        let hint = NearestWord.to(text, among: words).map { "; did you mean \($0)?" } ?? ""
        throw UsageError("\(option) takes auto, key or physical, not \(quote(text))\(hint)")
    }

    /// Decimal digits with an optional sign and `_` or `,` between thousands.
    static func integer(_ text: String) -> Int? {
        Int(text.filter { $0 != "_" && $0 != "," })
    }

    /// The value, if the limits would be sound with it and everything else as it is by default.
    private static func sound<Value>(
        _ value: Value, set: (inout LimitChanges, Value) -> Void
    ) throws(UsageError) -> Value {
        var changes = LimitChanges()
        set(&changes, value)
        if let problem = changes.applied(to: Limits()).problem { throw UsageError(problem) }
        return value
    }
}

extension LimitChanges {
    /// Takes a number of keys, or `nil` for batches that size themselves.
    mutating func setBatch(_ keys: Int?) {
        batchKeys = keys
        sizesBatches = keys == nil
    }
}
