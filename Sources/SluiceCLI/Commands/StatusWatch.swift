import Sluice

/// Shows statuses anew every second, in place on a terminal, one below the other elsewhere.
struct StatusWatch: Sendable {
    let sluice: Sluice
    let run: String?
    let isJSON: Bool
    let render: @Sendable ([RunStatus], Terminal) -> String

    /// Returns when nobody reads any more.
    /// - Throws: `CancellationError`, and what the server says.
    func watch() async throws {
        let terminal = Terminal.output
        let isLive = terminal.isCapable && !isJSON
        var painter = LivePainter()
        defer {
            if isLive { Console.output.write(painter.finish()) }
        }
        while !Console.output.isClosed {
            let text = render(try await sluice.status(run), terminal)
            if isLive {
                let size = Terminal.size()
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { String($0) }
                Console.output.write(
                    painter.paint(lines: lines, columns: size.columns, rows: size.rows))
            } else {
                Console.output.say(text)
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}
