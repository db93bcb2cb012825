#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What standard output is connected to.
struct Terminal: Sendable {
    /// Whether it is a terminal that understands cursor movements.
    let isCapable: Bool
    /// Whether colours are wanted (https://no-color.org).
    let hasColour: Bool

    init(environment: [String: String], isTerminal: Bool) {
        let term = environment["TERM"] ?? ""
        isCapable = isTerminal && !term.isEmpty && term != "dumb"
        hasColour = isCapable && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// The terminal on standard output.
    static var output: Terminal {
        Terminal(
            environment: ProcessInfo.processInfo.environment,
            isTerminal: isatty(STDOUT_FILENO) == 1)
    }

    /// Columns and rows right now; 80 × 24 where the terminal does not say.
    static func size() -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
    }
}

/// Escape sequences (ECMA-48).
enum Escape {
    static let hideCursor = "\u{1B}[?25l"
    static let showCursor = "\u{1B}[?25h"
    static let clearLine = "\u{1B}[K"
    static let clearBelow = "\u{1B}[J"

    static func up(_ lines: Int) -> String { lines > 0 ? "\u{1B}[\(lines)A" : "" }
}

/// How a piece of text looks.
enum Style: String {
    case plain = ""
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"

    /// The text in this style, or as it is where there is no colour.
    func paint(_ text: String, _ hasColour: Bool) -> String {
        hasColour && self != .plain && !text.isEmpty
            ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
