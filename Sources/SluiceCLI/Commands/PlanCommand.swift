import ArgumentParser
import Sluice

/// `sluice plan`.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what a run of a job would do; changes nothing.",
        discussion: "Takes the options of run. Ends with 64 if the job would be refused.")

    @OptionGroup(title: "The job") var job: JobOptions
    @Flag(name: .long, help: "Print one JSON object.")
    var json = false
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "The run") var runner: RunnerOptions
    @Flag(name: .long, help: "As if run were given --fresh.")
    var fresh = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let job = try job.jobFile()
        let options = try job.options(runner: runner, limits: limits, fresh: fresh)
        _ = try runner.style(file: job.progress)
        let sluice = try connection.sluice(fallback: job.dsn)
        let plan = try await sluice.plan(job.request, options: options)
        if json {
            Console.output.say(JSONText.pretty(PlanJSON(plan)))
        } else {
            Console.output.say(PlanText.text(plan, Terminal.output.hasColour))
        }
        guard plan.refusals.isEmpty else {
            if !json { Console.error.say("sluice: refused: " + PlanText.refusal(plan)) }
            throw ExitStatus(ExitStatus.refused)
        }
    }
}
