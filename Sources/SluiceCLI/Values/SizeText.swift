/// Sizes as the server's own settings take them: `64kB`, `16MB`, `1GB`, in steps of 1,024.
enum SizeText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10), ("b", 1),
    ]
    /// Largest size taken, in bytes: past a terabyte a number is a slip of the finger.
    static let bytesMax = 1 << 40

    /// Bytes.
    /// - Throws: `UsageError` that names `option`.
    static func bytes(_ text: String, for option: String) throws(UsageError) -> Int {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(number.count).lowercased()
        guard let unit = units.first(where: { $0.suffix == suffix }), let value = Double(number)
        else {
            throw UsageError(
                "\(option) takes a size such as 64kB, 16MB or 1GB, not \(quote(text))")
        }
        let bytes = value * Double(unit.bytes)
        guard bytes <= Double(bytesMax) else {
            throw UsageError("\(option) must be at most 1024GB, not \(quote(text))")
        }
        return Int(bytes)
    }

    /// A size as an option would take it.
    static func text(_ bytes: Int) -> String {
        for (suffix, size) in [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(suffix)"
        }
        return "\(bytes)B"
    }
}
