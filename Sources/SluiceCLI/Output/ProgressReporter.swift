import Sluice
import SluiceCore
import Synchronization

/// Shows what a run tells, in one of the styles of `--progress`.
final class ProgressReporter: Sendable {
    /// A style that is settled: what `auto` came to.
    enum Mode: Equatable {
        case live, plain, json, none
    }

    /// Least time between two redraws by status, in seconds: at most four a second.
    static let redrawSecondsMin = 0.25

    private struct State {
        var painter = LivePainter()
        var pace = PlainPace()
        var status: RunStatus?
        var waiting: [String] = []
        var drawnAtSeconds: Double?
        var isFinished = false
        var isResumed = false
        var keysBefore: Int?
    }

    let mode: Mode
    private let output: Console
    private let errors: Console
    private let terminal: Terminal
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    init(
        style: ProgressStyle, terminal: Terminal = .output, output: Console = .output,
        errors: Console = .error
    ) {
        switch style {
        case .auto: mode = terminal.isCapable ? .live : .plain
        case .tty: mode = .live
        case .plain: mode = .plain
        case .json: mode = .json
        case .none: mode = .none
        }
        self.terminal = terminal
        self.output = output
        self.errors = errors
    }

    /// Takes one event of a run.
    func take(_ event: RunEvent) {
        switch event {
        case .note(let sentence): note(sentence)
        case .waitingForWriters(let writers, let secondsLeft): wait(writers, secondsLeft)
        case .started(let run, let job, let resumed):
            let verb = resumed ? "resumed" : "started"
            state.withLock { state in
                state.waiting = []
                state.isResumed = resumed
            }
            if mode == .plain { note("\(verb) run \(run) (\(job))") }
        case .progress(let status): progress(status)
        case .verifying(let how): verifying(how)
        }
    }

    /// Says one sentence above the panel.
    func note(_ sentence: String) {
        let line = Printable.clean(sentence)
        switch mode {
        case .live:
            state.withLock { state in
                guard !state.isFinished else { return output.say(line) }
                draw(&state, above: [line], mayDrop: false)
            }
        case .plain: output.say(line)
        case .json: errors.say(line)
        case .none: break
        }
    }

    /// Ends the view; the last state of the run stays on the screen.
    func finish(_ report: RunReport? = nil) {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            let final = report?.status
            switch mode {
            case .live:
                state.waiting = []
                if let final, report?.didWork == true {
                    state.status = final
                    draw(&state, above: [], mayDrop: false)
                }
                output.write(state.painter.finish())
            case .plain:
                if let final, report?.didWork == true { output.say(ProgressWords.line(final)) }
            case .json:
                if let final, final != state.status { output.say(JSONText.line(final)) }
            case .none: break
            }
        }
    }

    /// Keys that were done when this process came to the run.
    var keysBefore: Int { state.withLock { $0.keysBefore ?? 0 } }

    // MARK: Events

    private func progress(_ status: RunStatus) {
        let now = elapsedSeconds
        state.withLock { state in
            guard !state.isFinished else { return }
            if state.keysBefore == nil {
                state.keysBefore = state.isResumed ? status.keysWalked : 0
            }
            switch mode {
            case .live:
                state.status = status
                if let last = state.drawnAtSeconds, now - last < Self.redrawSecondsMin { return }
                draw(&state, above: [], mayDrop: true)
                state.drawnAtSeconds = now
            case .plain:
                guard state.pace.isDue(atSeconds: now, waitingFor: status.waitingFor) else {
                    return
                }
                _ = output.offer(ProgressWords.line(status) + "\n")
            case .json:
                if output.offer(JSONText.line(status) + "\n") { state.status = status }
            case .none: break
            }
        }
    }

    private func wait(_ writers: [String], _ secondsLeft: Double) {
        let left = Format.duration(secondsLeft.rounded(.up))
        let count = Format.count(writers.count, "transaction")
        let heading = "waiting, at most \(left), for \(count) already writing to the table"
        let lines = [heading] + writers.map { "  " + Printable.clean($0) }
        let now = elapsedSeconds
        state.withLock { state in
            guard !state.isFinished else { return }
            switch mode {
            case .live:
                state.waiting = lines
                draw(&state, above: [], mayDrop: true)
            case .plain:
                if state.pace.isDue(atSeconds: now, waitingFor: "writers") {
                    for line in lines { output.say(line) }
                }
            case .json:
                if state.pace.isDue(atSeconds: now, waitingFor: "writers") {
                    for line in lines { errors.say(line) }
                }
            case .none: break
            }
        }
    }

    private func verifying(_ how: VerifyProgress) {
        let line = VerifyText.line(how)
        let now = elapsedSeconds
        state.withLock { state in
            guard !state.isFinished else { return }
            switch mode {
            case .live:
                state.waiting = [line]
                draw(&state, above: [], mayDrop: true)
            case .plain:
                if state.pace.isDue(atSeconds: now, waitingFor: "verifying") { output.say(line) }
            case .json, .none: break
            }
        }
    }

    // MARK: Drawing

    private func draw(_ state: inout State, above: [String], mayDrop: Bool) {
        let size = Terminal.size()
        let frame = ProgressFrame(columns: size.columns, hasColour: terminal.hasColour)
        var lines = state.waiting.map { line in
            Style.yellow.paint(Printable.fit(line, columns: size.columns), terminal.hasColour)
        }
        if let status = state.status { lines += frame.lines(status) }
        var painter = state.painter
        let text = painter.paint(
            above: above, lines: lines, columns: size.columns, rows: size.rows)
        if mayDrop {
            guard output.offer(text) else { return }
        } else {
            output.write(text)
        }
        state.painter = painter
    }

    private var elapsedSeconds: Double {
        (ContinuousClock.now - began) / .seconds(1)
    }
}
