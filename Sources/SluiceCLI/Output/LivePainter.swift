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
        text += erase(columns: columns)
        for line in above { text += line + "\n" }
        // A panel taller than the screen would scroll and leave its head behind each time.
        let visible = lines.prefix(max(1, rows - 1))
        for line in visible { text += line + Escape.clearLine + "\n" }
        drawn = visible.map(Self.columns)
        return text
    }

    /// Leaves the panel where it is, or removes it, and gives the cursor back.
    mutating func finish(keeping: Bool, columns: Int) -> String {
        var text = keeping ? "" : erase(columns: columns)
        drawn = []
        if isCursorHidden { text += Escape.showCursor }
        isCursorHidden = false
        return text
    }

    /// Goes back to the panel's first line.
    ///
    /// A terminal that became narrower has folded lines that were wider than it is now.
    private func erase(columns: Int) -> String {
        guard !drawn.isEmpty else { return "" }
        let height = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        return "\r" + Escape.up(height) + Escape.clearBelow
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
