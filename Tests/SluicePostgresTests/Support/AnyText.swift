/// Text of every kind that a name or a value may hold; a NUL byte never.
struct AnyText {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let words = [
        "select", "SELECT", "null", "user", "table", "E'", "U&\"", "$$", "$a$", "--", "/*", "*/",
        "::text", "%s", "\\x27", "\\'", "\"\"", "''", ";", "\\", "'", "\"", " ", "\r\n",
    ]
    private static let ranges: [ClosedRange<UInt32>] = [
        0x01...0x1F, 0x20...0x7F, 0x20...0x7F, 0x80...0x17F, 0x300...0x36F, 0x370...0xD7FF,
        0x2000...0x206F, 0xE000...0xFFFF, 0xFE00...0xFE0F, 0x1F300...0x1FAFF,
        0x10000...0x10FFFF,
    ]

    /// The next text, of at most `limit` bytes; it ends with a whole scalar.
    mutating func next(bytesMin: Int = 0, bytesMax limit: Int) -> String {
        let wanted = Int.random(in: bytesMin...limit, using: &generator)
        var text = String.UnicodeScalarView()
        var bytes = 0
        while bytes < wanted {
            for scalar in piece() {
                let width = String(scalar).utf8.count
                guard bytes + width <= limit else { return String(text) }
                text.append(scalar)
                bytes += width
            }
        }
        return String(text)
    }

    private mutating func piece() -> [Unicode.Scalar] {
        if Int.random(in: 0..<3, using: &generator) == 0 {
            let word = Self.words[Int.random(in: 0..<Self.words.count, using: &generator)]
            return Array(word.unicodeScalars)
        }
        let range = Self.ranges[Int.random(in: 0..<Self.ranges.count, using: &generator)]
        let value = UInt32.random(in: range, using: &generator)
        return Unicode.Scalar(value).map { [$0] } ?? []
    }
}
