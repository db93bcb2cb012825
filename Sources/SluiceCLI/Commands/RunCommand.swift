import ArgumentParser
import Sluice

/// `sluice run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Carries out a job, or carries on with its unfinished run.",
        discussion: """
            The job is a file, or --table and what is done to its rows:
              sluice run jobs/price.yaml
              sluice run --table products --set 'price_cents = price * 100' \
            --where 'price_cents IS NULL'
              sluice run --kind delete --table events --where expired
              sluice run --kind move --table events --into archive --where closed
              sluice run --table t --statement 'UPDATE t SET n = f(n) WHERE :range'
            """)

    @OptionGroup(title: "The job") var job: JobOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "The run") var runner: RunnerOptions
    @Flag(name: .long, help: "Cancel an earlier run of the same name and begin anew.")
    var fresh = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let job = try job.jobFile()
        let options = try job.options(runner: runner, limits: limits, fresh: fresh)
        let style = try runner.style(file: job.progress)
        let sluice = try connection.sluice(fallback: job.dsn)
        try await ForegroundRun(style: style) { drain, report in
            try await sluice.run(job.request, options: options, drain: drain, report: report)
        }
    }
}
