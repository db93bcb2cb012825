/// Text from outside, made fit for a terminal.
enum Printable {
    /// The text on one line, with every control character replaced: a table may be named with
    /// an escape sequence in it.
    static func clean(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control: scalars.append(scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}")
            case .lineSeparator, .paragraphSeparator: scalars.append(" ")
            case .format where isBidirectional(scalar): scalars.append("\u{FFFD}")
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// Marks that make a terminal show text in another order than it has.
    private static func isBidirectional(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }

    /// Columns that a terminal gives the text.
    static func columns(_ text: String) -> Int {
        text.reduce(0) { $0 + columns(of: $1) }
    }

    /// At most this many columns of the text, an ellipsis at the end when it was cut.
    static func fit(_ text: String, columns limit: Int) -> String {
        guard columns(text) > limit else { return text }
        var kept = ""
        var used = 0
        for character in text {
            let width = columns(of: character)
            guard used + width <= limit - 1 else { break }
            used += width
            kept.append(character)
        }
        return limit > 0 ? kept + "…" : ""
    }

    /// The text with spaces behind it up to `width` columns.
    static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - columns(text)))
    }

    /// Two for East Asian wide characters and emoji (Unicode's EastAsianWidth W and F, in the
    /// blocks that names are written in), else one.
    private static func columns(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }
}
