/// What the demo says besides the live view.
struct DemoVoice: Sendable {
    let mode: ProgressReporter.Mode
    let hasColour: Bool

    /// A line of text; nothing where progress is not for people.
    func say(_ line: String = "") {
        switch mode {
        case .live, .plain: Console.output.say(line)
        case .json: Console.error.say(line)
        case .none: break
        }
    }

    /// A step that takes a while: says what is being done, then how long it took.
    func step<Value>(
        _ doing: String, _ body: () async throws -> Value, done: (Value) -> String
    ) async throws -> Value {
        if mode == .live { Console.output.write("  " + doing + "…") }
        let began = ContinuousClock.now
        let value: Value
        do {
            value = try await body()
        } catch {
            if mode == .live { Console.output.write("\n") }
            throw error
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        if mode == .live { Console.output.write("\r" + Escape.clearLine) }
        let time = Style.dim.paint("(" + Format.duration(seconds) + ")", hasColour)
        say(Style.green.paint("✓", hasColour) + " " + done(value) + " " + time)
        return value
    }

    /// Waits, counting down on a terminal.
    func countdown(_ seconds: Double, _ doing: String) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let left = (end - ContinuousClock.now) / .seconds(1)
            guard left > 0 else { break }
            if mode == .live {
                let text = "  \(doing): \(Format.duration(left.rounded(.up)))"
                Console.output.write("\r" + text + Escape.clearLine)
            }
            try await Task.sleep(for: .seconds(min(1, left)))
        }
        if mode == .live { Console.output.write("\r" + Escape.clearLine) }
    }
}
