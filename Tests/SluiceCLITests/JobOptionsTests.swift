import ArgumentParser
import Foundation
import Sluice
import SluiceCore
import SluicePostgres
import Testing

@testable import SluiceCLI

struct JobOptionsTests {
    private func parse(_ arguments: [String]) throws -> (JobFile, RunOptions) {
        let command = try SluiceCommand.parseAsRoot(["run"] + arguments)
        let run = try #require(command as? RunCommand)
        let job = try run.job.jobFile()
        return (job, try job.options(runner: run.runner, limits: run.limits, fresh: run.fresh))
    }

    @Test func severalFilesMakeOneJob() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "jobs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ yaml: String) throws -> String {
            let url = folder.appending(path: name)
            try Data(yaml.utf8).write(to: url)
            return url.path
        }
        let one = try file(
            "1.yaml", "job: a\ntable: t\nset: { a: 1 }\nwhere: a IS NULL\nlimits: { workers: 2 }\n")
        let two = try file(
            "2.yaml",
            "job: b\ntable: t\nset: { b: 2 }\nwhere: b IS NULL\nlimits: "
                + "{ workers: 3, vacuum: off }\n")
        let (job, options) = try parse([one, two])
        #expect(job.request.name == "a+b" && job.request.assignments.map(\.column) == ["a", "b"])
        #expect(options.limits.workers == 2...2 && options.limits.vacuum == .off)
        let (renamed, _) = try parse([one, two, "--name", "both"])
        #expect(renamed.request.name == "both")
        let other = try file("3.yaml", "table: u\nset: { c: 3 }\n")
        let error = #expect(throws: UsageError.self) { try parse([one, other]) }
        #expect(error?.description.contains("differ in table") == true)
        let elsewhere = try ["h", "i"].map { host in
            try file(
                "\(host).yaml",
                "dsn: postgresql://\(host)/d\ntable: t\nset: { \(host): 3 }\n")
        }
        #expect(throws: UsageError.self) { try parse(elsewhere) }
    }

    @Test func flagsMakeAJob() throws {
        let (job, options) = try parse([
            "--table", "public.t", "--set", "a = b = 1", "--set", "\"x y\"=2", "--where", "a > 0",
            "--key", "p,q", "--name", "n", "--workers", "2..3", "--batch", "10", "--max-lag", "off",
            "--synchronous-commit", "on", "--lock-timeout", "1s", "--statement-timeout", "3s",
            "--start-wait", "5s", "--lease", "1m", "--fresh", "--yes", "--lanes", "16",
            "--order", "physical", "--max-quarantine", "7", "--verify", "off",
        ])
        #expect(options.limits.maxQuarantine == 7)
        #expect(options.limits.order == .physical)
        #expect(options.limits.applied(to: Limits()).sizesBatches == false)
        #expect(job.request.name == "n")
        #expect(job.request.table == "public.t")
        #expect(
            job.request.assignments == [
                Assignment(column: "a", expression: "b = 1"),
                Assignment(column: "\"x y\"", expression: "2"),
            ])
        #expect(job.request.predicate == "a > 0")
        #expect(job.request.key == ["p", "q"])
        #expect(options.limits.workers == 2...3)
        #expect(options.limits.batchKeys == 10)
        #expect(options.limits.maxLagSeconds == .some(nil))
        #expect(options.limits.synchronousCommit == true)
        #expect(options.limits.lockTimeoutMilliseconds == 1_000)
        #expect(options.limits.statementTimeoutMilliseconds == 3_000)
        #expect(options.startWaitSeconds == 5)
        #expect(options.leaseSeconds == 60)
        #expect(options.fresh && options.confirmed)
    }

    @Test func theKindIsInferredUnlessItIsNamed() throws {
        let kinds: [([String], JobKind)] = [
            (["--set", "a=1"], .update), (["--into", "u"], .copy),
            (["--into", "u", "--kind", "move"], .move), (["--kind", "DELETE"], .delete),
            (["--statement", "-- :range\nDELETE FROM t WHERE :range"], .statement),
        ]
        for (arguments, kind) in kinds {
            let (job, _) = try parse(["--table", "t"] + arguments)
            #expect(job.request.kind == kind)
        }
        let (job, options) = try parse([
            "--table", "t", "--into", "s.u", "--on-conflict", "update", "--set", "a = -1",
            "--disable-triggers", "--with-children", "--batch-bytes", "1MB",
        ])
        #expect(job.request.target == "s.u")
        #expect(job.request.onConflict == .update)
        #expect(job.request.disablesTriggers && job.request.includesChildren)
        #expect(options.limits.batchBytes == 1_048_576)
        let (fresh, _) = try parse(["--table", "t", "--set", "a = 1", "--skip-unchanged"])
        #expect(fresh.request.skipsUnchanged && !job.request.skipsUnchanged)
    }

    @Test func withoutFlagsNothingOfTheLibrarysDefaultsIsTouched() throws {
        let (_, options) = try parse(["--table", "t", "--set", "a = 1"])
        #expect(options.limits.isEmpty)
        #expect(options.startWaitSeconds == RunOptions().startWaitSeconds)
        #expect(options.leaseSeconds == RunOptions().leaseSeconds)
        #expect(!options.fresh && !options.confirmed)
    }

    @Test func flagsWinOverTheFile() throws {
        let file = try JobFileReader.read(
            text: "table: t\nset: { a: 1 }\nworkers: 2\nbatch: 7\nstart_wait: 1s\nlease: 9s",
            file: "job.yaml")
        let command = try SluiceCommand.parseAsRoot(
            ["run", "job.yaml", "--workers", "5", "--start-wait", "3s"])
        let run = try #require(command as? RunCommand)
        let options = try file.options(runner: run.runner, limits: run.limits, fresh: false)
        #expect(options.limits.workers == 5...5)
        #expect(options.limits.batchKeys == 7)
        #expect(options.startWaitSeconds == 3)
        #expect(options.leaseSeconds == 9)
    }

    @Test func theBatchOfAFlagReplacesThatOfTheFileWhole() throws {
        for (flag, text, isAuto) in [("auto", "7", true), ("7", "auto", false)] {
            let file = try JobFileReader.read(
                text: "table: t\nset: { a: 1 }\nbatch: \(text)", file: "job.yaml")
            let command = try SluiceCommand.parseAsRoot(["run", "job.yaml", "--batch", flag])
            let run = try #require(command as? RunCommand)
            let options = try file.options(runner: run.runner, limits: run.limits, fresh: false)
            let limits = options.limits.applied(to: Limits())
            #expect(limits.sizesBatches == isAuto)
            #expect(limits.batchKeys == (isAuto ? Limits.batchKeysNominal : 7))
        }
    }

    @Test func replicasAreOptionsOfTheProcess() throws {
        let (_, options) = try parse([
            "--table", "t", "--set", "a = 1", "--replica-dsn", "host=b", "--replica-dsn", "off",
            "--replica-dsn", "postgresql://c/d",
        ])
        #expect(options.replicas.map { $0["host"] } == ["b", "c"])
        #expect(options.limits.isEmpty)
    }

    static let refusals: [([String], String)] = [
        (["--table", "t", "--set", "a=1", "--max-rate", "0"], "max-rate must be between"),
        (["--table", "t", "--set", "a=1", "--throttle-file", "stop"], "an absolute path"),
        (["--table", "t", "--set", "a=1", "--throttle-query", " ; "], "--throttle-query is empty"),
        (["--table", "t", "--set", "a=1", "--window", "6:00-6:00"], "is no time at all"),
        ([], "nothing to do"), (["--table", "t"], "nothing to set"),
        (["--set", "a=1"], "nothing to do"), (["--table", "t", "--set", "a"], "--set takes"),
        (["--table", "t", "--set", "= 1"], "--set takes"),
        (["--table", "t", "--set", "a ="], "--set takes"),
        (["job.yaml", "--table", "t"], "--table and the job file \"job.yaml\" cannot"),
        (["job.yaml", "--set", "a=1"], "--set and the job file"),
        (["job.yaml", "--kind", "delete"], "--kind and the job file"),
        (["job.yaml", "--into", "u"], "--into and the job file"),
        (["job.yaml", "--on-conflict", "error"], "--on-conflict and the job file"),
        (["job.yaml", "--statement", "x"], "--statement and the job file"),
        (["job.yaml", "--disable-triggers"], "--disable-triggers and the job file"),
        (["job.yaml", "--with-children"], "--with-children and the job file"),
        (["--table", "t", "--kind", "purge"], "--kind takes update, delete, copy"),
        (["--table", "t", "--kind", "mov"], "did you mean move?"),
        (["--table", "t", "--kind", "copy"], "give --into"),
        (["--table", "t", "--into", "u", "--on-conflict", "skip"], "--on-conflict takes error"),
        (["--table", "t", "--into", "u", "--statement", "x"], "--statement belongs to"),
        (["--table", "t", "--set", "a=1", "--batch-bytes", "16"], "--batch-bytes takes a size"),
        (["job.yaml", "--where", "x"], "--where and the job file"),
        (["job.yaml", "--key", "x"], "--key and the job file"),
        (["--table", "t", "--set", "a=1", "--where", " "], "--where is empty"),
        (["--table", "t", "--set", "a=1", "--name", "7"], "run's number"),
        (["--table", "t", "--set", "a=1", "--name", "a\nb"], "--name takes one line"),
        (["--table", "t", "--set", "a=1", "--lanes", "of"], "did you mean off?"),
        (["--table", "t", "--set", "a=1", "--lanes", "65"], "between 2 and 64"),
        (["--table", "t", "--set", "a=1", "--order", "phisical"], "did you mean physical?"),
        (["--table", "t", "--set", "a=1", "--order", "1"], "auto, key or physical"),
        (
            ["--table", "t", "--set", "a=1", "--max-quarantine", "-5"],
            "max-quarantine must be between"
        ),
        (["--table", "t", "--set", "a=1", "--lease", "1s"], "--lease must be between"),
        (
            [
                "--table", "t", "--set", "a=1", "--lock-timeout", "5s", "--statement-timeout",
                "5s",
            ], "longer than lock-timeout"
        ),
    ]

    @Test(arguments: refusals)
    func whatCannotBeMeantIsRefused(_ arguments: [String], _ sentence: String) {
        let error = #expect(throws: UsageError.self) { try parse(arguments) }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }
}
