import ArgumentParser
import Sluice

/// `sluice quarantine`.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Lists rows that a run could not change, tries them again, or lets them be.",
        discussion: """
            list shows number, key and error of each; mend the rows or the job's surroundings, then
            retry changes them as the run would have. skip accepts that they stay as they are.
              sluice quarantine price_cents list
              sluice quarantine price_cents retry
              sluice quarantine price_cents skip 3 7
            """)

    /// What to do.
    enum Action: String, CaseIterable {
        case list, retry, skip
    }

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String
    @Argument(help: ArgumentHelp("list, retry or skip.", valueName: "action"))
    var action: String
    @Argument(
        help: ArgumentHelp("Numbers that list shows; without any, all.", valueName: "number"))
    var numbers: [String] = []
    @Flag(name: .long, help: "Print the list as a JSON array.")
    var json = false
    @Flag(name: .long, help: "Skip all without naming them.")
    var all = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let action = try chosen()
        let numbers = try parsed()
        if action == .skip, numbers == nil, !all {
            throw UsageError(
                "skip needs the numbers of the rows that stay as they are, or --all")
        }
        if json, action != .list { throw UsageError("--json goes with list") }
        let sluice = try connection.sluice()
        switch action {
        case .list:
            let keys = try await sluice.quarantine(run)
            Console.output.say(json ? JSONText.pretty(keys) : QuarantineText.table(keys))
        case .retry:
            let retry = try await sluice.retryQuarantined(run, numbers: numbers)
            Console.output.say(QuarantineText.sentence(retry))
            if retry.remaining > 0 { throw ExitStatus(ExitStatus.doneWithExceptions) }
        case .skip:
            let left = try await sluice.skipQuarantined(run, numbers: numbers)
            Console.output.say(QuarantineText.left(left))
        }
    }

    private func chosen() throws(UsageError) -> Action {
        if let action = Action(rawValue: action) { return action }
        let words = Action.allCases.map(\.rawValue)
        let hint = NearestWord.to(action, among: words).map { "; did you mean \($0)?" } ?? ""
        throw UsageError("quarantine takes list, retry or skip, not \(quote(action))\(hint)")
    }

    private func parsed() throws(UsageError) -> [Int64]? {
        guard !numbers.isEmpty else { return nil }
        var parsed: [Int64] = []
        for text in numbers {
            guard let number = Int64(text) else {
                throw UsageError(
                    "\(quote(text)) is not a number: give those that `sluice quarantine "
                        + "\(Printable.clean(run)) list` shows")
            }
            parsed.append(number)
        }
        return parsed
    }
}
