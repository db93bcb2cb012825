import ArgumentParser
import Sluice
import SluiceMigration

/// `sluice migrate`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Changes a schema while applications of the old and the new shape use it.",
        discussion: """
            plan FILE: every statement, its lock and what takes it back, and what filling rows is
            reckoned to cost; nothing is changed. A file may show both shapes as schemas of views.
            start FILE: new shape beside the old, both kept the same, rows filled and checked.
            switch NAME: both shapes say the same; readers may move.
            complete NAME: the old shape goes. rollback NAME: everything back, until then.
            status: how all migrations stand.
            A command that was killed is carried on by running it again.
            """)

    @Argument(
        help: ArgumentHelp(
            "What to do.", valueName: "plan|start|switch|complete|rollback|status"))
    var action: String

    @Argument(
        help: ArgumentHelp(
            "A migration file (YAML), or a migration's name.", valueName: "file|name"))
    var migration: String?

    @Flag(
        name: .long, help: "Complete though something still names the old shape.")
    var force = false

    @Flag(name: .long, help: "Print the plan or the status as JSON.")
    var json = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let actions = ["plan", "start", "switch", "complete", "rollback", "status"]
        guard actions.contains(action) else {
            let guess = NearestWord.to(action, among: actions).map { "; did you mean \($0)?" } ?? ""
            throw UsageError(
                "migrate knows plan, start, switch, complete, rollback and status, not "
                    + "\(quote(action))\(guess)")
        }
        guard action == "status" || migration != nil else {
            let what = ["plan", "start"].contains(action) ? "a file" : "a migration's name"
            throw UsageError("sluice migrate \(action) needs \(what)")
        }
        let migrator = Migrator(try ConnectionOptions.parameters(connection.dsn)) { event in
            MigrationText.say(event)
        }
        do {
            try await perform(migrator, migration ?? "")
        } catch let error as MigrationError {
            guard error.kind == .failed else {
                throw UsageError(Printable.clean(error.description))
            }
            Console.error.say("sluice: " + Printable.clean(error.description))
            throw ExitStatus(ExitStatus.failed)
        }
    }

    private func perform(_ migrator: Migrator, _ subject: String) async throws {
        switch action {
        case "plan":
            let steps = try await migrator.plan(MigrationReader.read(path: subject))
            Console.output.write(
                json ? JSONText.pretty(steps) + "\n" : MigrationText.plan(steps))
        case "status":
            let all = try await migrator.status()
            Console.output.write(json ? JSONText.pretty(all) + "\n" : MigrationText.status(all))
        case "start":
            let migration = try MigrationReader.read(path: subject)
            try await cancelling { try await migrator.start(migration) }
            Console.output.say(
                "\(migration.name) is started: both shapes work; when readers have moved: sluice "
                    + "migrate switch \(migration.name)")
        case "switch":
            try await cancelling { try await migrator.switchReads(subject) }
            Console.output.say(
                "\(subject) is switched; when nobody writes the old shape: sluice migrate complete "
                    + subject)
        case "complete":
            let isForced = force
            try await cancelling { try await migrator.complete(subject, isForced: isForced) }
            Console.output.say("\(subject) is completed")
        default:
            try await cancelling { try await migrator.rollback(subject) }
            Console.output.say("\(subject) is rolled back")
        }
    }

    private func cancelling(_ work: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await SignalGuard.cancelling(work)
        } catch is CancellationError {
            Console.error.say("sluice: stopped; the same command carries on")
            throw ExitStatus(ExitStatus.stopped)
        }
    }
}
