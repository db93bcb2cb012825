import Sluice
import SluiceCore

/// Carries a run out in the foreground: shows it, drains it on a signal, says how it ended.
struct ForegroundRun: Sendable {
    /// What carries the run out.
    typealias Work =
        @Sendable (DrainSwitch, @escaping @Sendable (RunEvent) -> Void) async throws -> RunReport

    let reporter: ProgressReporter

    init(style: ProgressStyle) {
        reporter = ProgressReporter(style: style)
    }

    /// - Throws: what the run throws, or `ExitStatus` with the code of a run that ended otherwise
    ///   than done.
    func callAsFunction(_ work: @escaping Work) async throws {
        let drain = DrainSwitch()
        let reporter = reporter
        let report: RunReport
        do {
            report = try await SignalGuard.run {
                drain.drain()
                reporter.note(
                    "draining: running batches end, the run can be resumed; again to stop at once")
            } _: {
                try await work(drain) { event in
                    reporter.take(event)
                    // Nobody reads any more: as if the person had asked for the end.
                    if Console.output.isClosed { drain.drain() }
                }
            }
        } catch {
            reporter.finish()
            // The second signal: whatever broke by it is not the run's failure.
            guard drain.isDraining, error is CancellationError || Task.isCancelled else {
                throw error
            }
            Console.error.say("sluice: stopped at once; run the same command to carry on")
            throw ExitStatus(ExitStatus.stopped)
        }
        try end(report)
    }

    private func end(_ report: RunReport) throws {
        reporter.finish(report)
        let message = Printable.clean(report.message)
        let verified = report.verification.map(VerifyText.text)
        let summary = RunEnding.summary(report, keysBefore: reporter.keysBefore)
        let isDone = report.exitCode == ExitStatus.done
        switch reporter.mode {
        case .live, .plain:
            if let summary { Console.output.say(summary) }
            for line in RunEnding.more(report) { Console.output.say(line) }
            if let verified { Console.output.say(verified) }
            if isDone || report.exitCode == ExitStatus.stopped {
                Console.output.say(message)
            } else {
                Console.error.say("sluice: " + message)
            }
        case .json, .none:
            if !isDone {
                Console.error.say("sluice: " + message)
                if let verified { Console.error.say(verified) }
            }
        }
        if !isDone { throw ExitStatus(report.exitCode) }
    }
}
