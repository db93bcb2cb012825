/// Redraws a panel in place: pure, text in and escape sequences out.
struct LivePainter {
    /// Widths of the lines on the screen now.
    private var drawn: [Int] = []
    private var isCursorHidden = false

    /// The sequences that replace the panel on the screen by `lines`, with `above` printed first
    /// for good.
    mutating func paint(above: [String] = [], lines: [String], columns: Int, rows: Int) -> String {
        var text = isCursorHidden ? "" : Escape.hideCursor
        isCursorHidden = true
        text += home(columns: columns)
        for line in above { text += line + Escape.clearLine + "\n" }
        // A panel taller than the screen would scroll and leave its head behind each time.
        let visible = lines.prefix(max(1, rows - 1))
        for line in visible { text += line + Escape.clearLine + "\n" }
        // Old text goes only after the new stands: cleared first, the panel would flicker.
        if !drawn.isEmpty { text += Escape.clearBelow }
        drawn = visible.map(Self.columns)
        return text
    }

    /// Leaves the panel where it is, wipes the `^C` that may stand below, gives the cursor back.
    mutating func finish() -> String {
        let text = isCursorHidden ? "\r" + Escape.clearBelow + Escape.showCursor : ""
        drawn = []
        isCursorHidden = false
        return text
    }

    /// Goes back to the panel's first line.
    ///
    /// A terminal that became narrower has folded lines that were wider than it is now.
    private func home(columns: Int) -> String {
        guard !drawn.isEmpty else { return "" }
        let height = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        return "\r" + Escape.up(height)
    }

    /// The columns of a line without its escape sequences.
    static func columns(_ line: String) -> Int {
        var plain = ""
        var isInside = false
        for character in line {
            if character == "\u{1B}" {
                isInside = true
            } else if isInside {
                isInside = character != "m"
            } else {
                plain.append(character)
            }
        }
        return Printable.columns(plain)
    }
}
