import Foundation
import Sluice
import SluiceCore
import Testing

@testable import SluiceCLI

struct JobFileTests {
    private func read(_ text: String) throws -> JobFile {
        try JobFileReader.read(text: text, file: "job.yaml")
    }

    @Test func everyKeyIsUnderstood() throws {
        let job = try read(
            """
            job: price_cents
            table: public.products
            set:
              price_cents: (price * 100)::bigint
              '"Odd name"': null
            where: price_cents IS NULL   # optional
            key: [tenant, id]
            limits: { workers: 1..8, max_lag: 10s, batch: 2000, lock_timeout: 500ms,
                      statement_timeout: 5s, synchronous_commit: on, lanes: 8 }
            start-wait: 2m
            lease: 45s
            progress: plain
            dsn: host=/tmp
            fresh: no
            yes: true
            """)
        #expect(job.request.name == "price_cents")
        #expect(job.request.table == "public.products")
        #expect(job.request.assignments.count == 2)
        #expect(
            job.request.assignments.first
                == Assignment(column: "price_cents", expression: "(price * 100)::bigint"))
        #expect(job.request.assignments.last?.expression == "null")
        #expect(job.request.predicate == "price_cents IS NULL")
        #expect(job.request.key == ["tenant", "id"])
        #expect(job.limits.workers == 1...8)
        #expect(job.limits.maxLagSeconds == .some(10))
        #expect(job.limits.batchKeys == 2_000)
        #expect(job.limits.lockTimeoutMilliseconds == 500)
        #expect(job.limits.statementTimeoutMilliseconds == 5_000)
        #expect(job.limits.synchronousCommit == true)
        #expect(job.startWaitSeconds == 120)
        #expect(job.leaseSeconds == 45)
        #expect(job.progress == "plain")
        #expect(job.dsn == "host=/tmp")
        #expect(!job.fresh && job.yes)
    }

    @Test func everyKindOfJobCanBeAFile() throws {
        let delete = try read("table: t\nkind: delete\nwhere: a < 5").request
        #expect(delete.kind == .delete)
        #expect(delete.predicate == "a < 5")
        let copy = try read("table: t\ninto: s.u\non_conflict: nothing\nset: { a: 1 }").request
        #expect(copy.kind == .copy)
        #expect(copy.target == "s.u")
        #expect(copy.onConflict == .nothing)
        #expect(copy.assignments == [Assignment(column: "a", expression: "1")])
        let move = try read("table: t\ninto: u\nkind: Move\nwhere: b").request
        #expect(move.kind == .move)
        let statement = try read(
            "table: t\nstatement: |\n  DELETE FROM t\n  WHERE :range\nbatch-bytes: 64kB")
        #expect(statement.request.kind == .statement)
        #expect(statement.request.statement == "DELETE FROM t\nWHERE :range\n")
        #expect(statement.limits.batchBytes == 65_536)
        let silent = try read("table: t\nset: { a: 1 }\ndisable_triggers: yes\nchildren: true")
        #expect(silent.request.disablesTriggers && silent.request.includesChildren)
        let careful = try read("table: t\nset: { a: 1 }\nskip_unchanged: yes")
        #expect(careful.request.skipsUnchanged && !silent.request.skipsUnchanged)
        #expect(!delete.disablesTriggers && !delete.includesChildren)
    }

    @Test func limitsMayStandAtTheTop() throws {
        let job = try read("table: t\nset: { a: 1 }\nworkers: 3\nmax-lag: off\norder: key\n")
        #expect(job.limits.workers == 3...3)
        #expect(job.limits.order == .key)
        #expect(job.limits.maxLagSeconds == .some(nil))
    }

    @Test func theLimitsThatAreOffByDefaultMayBeGiven() throws {
        let job = try read(
            """
            table: t
            set: { a: 1 }
            batch: auto
            max_rate: 20k
            limits:
              max_wal: 40MB/s
              max_pg_wal: 20GB
              batch_time: 100ms
              foreground_budget: 10ms
              foreground_probe: SELECT count(*) FROM t WHERE id = 1
              window: 22:00-06:00,12:00-13:00@Europe/Stockholm
              throttle-query: SELECT busy FROM load;
              throttle_file: /tmp/stop
              throttle_url: http://localhost:8080/ready?token=x
              replica_dsn: off
            """)
        let limits = job.limits.applied(to: Limits(batchKeys: 7))
        #expect(limits.sizesBatches && limits.batchKeys == Limits.batchKeysNominal)
        #expect(limits.maxRowsPerSecond == 20_000)
        #expect(limits.maxWalBytesPerSecond == Double(40 << 20))
        #expect(limits.maxPgWalBytes == 20 << 30)
        #expect(limits.batchSecondsMax == 0.1)
        #expect(limits.foregroundBudgetSeconds == 0.01)
        #expect(limits.foregroundProbe == "SELECT count(*) FROM t WHERE id = 1")
        #expect(limits.window?.text == "22:00-06:00,12:00-13:00@Europe/Stockholm")
        #expect(limits.throttleQuery == "SELECT busy FROM load")
        #expect(limits.throttleFile == "/tmp/stop")
        #expect(limits.throttleURL == "http://localhost:8080/ready?token=x")
        let off = try read(
            "table: t\nset: { a: 1 }\n"
                + ThrottleText.words.map { "\($0): off" }.joined(separator: "\n"))
        #expect(off.limits.applied(to: limits) == Limits(batchKeys: nil))
    }

    @Test func aKeyMayBeOneWordOrSeveralWithCommas() throws {
        #expect(try read("table: t\nset: { a: 1 }\nkey: id").request.key == ["id"])
        #expect(try read("table: t\nset: { a: 1 }\nkey: a, b").request.key == ["a", "b"])
    }

    static let refusals: [(String, String)] = [
        (
            "table: t\nset: { a: 1 }\n\nwher: x",
            "job.yaml:4: unknown key \"wher\"; did you mean \"where\"?"
        ),
        (
            "table: t\nset: { a: 1 }\nlimits:\n  worker: 2",
            "job.yaml:4: unknown key \"worker\"; did you mean \"workers\"?"
        ),
        (
            "table: t\nset: { a: 1 }\nlimits:\n  table: x",
            "job.yaml:4: unknown key \"table\"; known here are workers"
        ),
        ("zzzzzzzz: t", "job.yaml:1: unknown key \"zzzzzzzz\"; known here are job"),
        ("", "job.yaml:1: the job file is empty"),
        ("# nothing\n", "job.yaml:1: the job file is empty"),
        ("- a\n- b", "job.yaml:1: the job file must hold keys such as table: and set:, not a list"),
        ("just words", "job.yaml:1: the job file must hold keys"),
        ("set: { a: 1 }", "job.yaml:1: the table is missing"),
        ("table: t", "job.yaml:1: the assignments are missing"),
        ("table: t\nset: a = 1", "job.yaml:2: \"set\" must hold column: expression, not \"a = 1\""),
        ("table: t\nset: {}", "job.yaml:2: \"set\" is empty"),
        ("table: t\nset:\n  a:\n", "job.yaml:3: \"set.a\" has no value"),
        ("table: t\nset:\n  a: [1, 2]", "job.yaml:3: \"set.a\" must be a single value"),
        ("table: [t]\nset: { a: 1 }", "job.yaml:1: \"table\" must be a single value"),
        ("table:\nset: { a: 1 }", "job.yaml:1: \"table\" has no value"),
        ("table: t\nset: { a: 1 }\nlimits: 4", "job.yaml:3: \"limits\" must hold keys"),
        (
            "table: t\nset: { a: 1 }\nlimits:\n  workers: 0",
            "job.yaml:4: workers must be at least 1, not 0"
        ),
        ("table: t\nset: { a: 1 }\nlimits:\n  workers: many", "job.yaml:4: workers takes a number"),
        ("table: t\nset: { a: 1 }\nbatch: -5", "job.yaml:3: batch must be between 1 and"),
        (
            "table: t\nset: { a: 1 }\nbatch: atuo",
            "job.yaml:3: batch takes a number of keys such as 5000, or auto, not \"atuo\"; did you"
        ),
        (
            "table: t\nset: { a: 1 }\nreplica_dsn: host=b",
            "job.yaml:3: replica_dsn: takes only off in a job file"
        ),
        (
            "table: t\nset: { a: 1 }\nlimits:\n  max_rate: 5x",
            "job.yaml:4: max_rate takes rows in a second such as 20000"
        ),
        (
            "table: t\nset: { a: 1 }\nlimits:\n\n  window: 25:00-06:00",
            "job.yaml:5: window takes hours such as 22:00-06:00"
        ),
        (
            "table: t\nset: { a: 1 }\nwindow: 22:00-06:00@Europe/Stokholm",
            "job.yaml:3: window names a time zone that is not known: \"Europe/Stokholm\"; did you "
                + "mean Europe/Stockholm?"
        ),
        (
            "table: t\nset: { a: 1 }\nthrotle_file: /tmp/x",
            "job.yaml:3: unknown key \"throtle_file\"; did you mean \"throttle_file\"?"
        ),
        (
            "table: t\nset: { a: 1 }\nmax_wal: 1",
            "job.yaml:3: max_wal takes bytes in a second such as 40MB/s"
        ),
        ("table: t\nkind: delte", "job.yaml:2: kind takes update, delete, copy, move, statement"),
        ("table: t\nkind: delete\nset: { a: 1 }", "job.yaml:2: --set belongs to"),
        ("table: t\ninto: u\non_conflict: skip", "job.yaml:3: on_conflict takes error, nothing"),
        ("table: t\nkind: copy", "job.yaml:2: a copy needs the table that it goes to"),
        ("table: t\nset: { a: 1 }\nbatch_bytes: 5", "job.yaml:3: batch_bytes takes a size"),
        ("table: t\nset: { a: 1 }\nbatch_bytes: 1kB", "job.yaml:3: batch-bytes must be at least"),
        ("table: t\nset: { a: 1 }\nmax_lag: 10", "job.yaml:3: max_lag takes a duration"),
        (
            "table: t\nset: { a: 1 }\norder: ctid",
            "job.yaml:3: order takes auto, key or physical, not \"ctid\""
        ),
        ("table: t\nset: { a: 1 }\nlease: 1s", "job.yaml:3: lease must be between"),
        ("table: t\nset: { a: 1 }\nprogress: plian", "job.yaml:3: --progress takes"),
        ("table: t\nset: { a: 1 }\nfresh: maybe", "job.yaml:3: \"fresh\" must be true or false"),
        ("table: t\nset: { a: 1 }\nkey: []", "job.yaml:3: \"key\" is an empty list"),
        ("table: t\nset: { a: 1 }\nkey: a b", "job.yaml:3: \"key\" takes columns such as a,b"),
        ("table: t\ntable: u\nset: { a: 1 }", "job.yaml:1: \"table\" is given more than once"),
        (
            "job: a\nname: b\ntable: t\nset: { a: 1 }",
            "job.yaml:2: \"name\" is given already on line 1"
        ),
        (
            "table: t\nset: { a: 1 }\nworkers: 2\nlimits: { workers: 3 }",
            "job.yaml:4: \"workers\" is given already on line 3"
        ),
        (
            "table: t\nset: { a: 1 }\nmax_lag: 1s\nmax-lag: 2s",
            "job.yaml:4: \"max_lag\" is given already on line 3"
        ),
        ("table: t\nset:\n\ta: 1", "job.yaml:3: not valid YAML"),
        ("table: t\nwhere: a: b", "job.yaml:2: not valid YAML at column"),
        ("table: \"t", "not valid YAML"),
        ("table: t\nset: { a: 1 }\n\nwhere: b\u{7}\u{301}", "job.yaml:4: YAML does not allow the"),
        (
            "job: 12\ntable: t\nset: { a: 1 }",
            "job.yaml:1: --name 12 would be taken for a run's number"
        ),
        (
            "table: t\nset: { a: 1 }\nlock_timeout: 9s\nstatement_timeout: 3s",
            "job.yaml:4: statement-timeout must be longer than lock-timeout"
        ),
    ]

    @Test(arguments: refusals)
    func whatIsWrongIsRefusedWithItsLineAndAWayOut(_ text: String, _ sentence: String) {
        let error = #expect(throws: UsageError.self) { try read(text) }
        let description = error?.description ?? ""
        #expect(description.contains(sentence), "\(description)")
        #expect(!description.contains("\n"))
    }

    @Test func whatIsNotTextIsRefusedWithItsLine() {
        let bytes = Data("table: t\r\nset: { a: '".utf8) + [0xC3, 0x28] + Data("' }\n".utf8)
        let error = #expect(throws: UsageError.self) {
            try JobFileReader.read(data: bytes, file: "job.yaml")
        }
        #expect(error?.description.hasPrefix("job.yaml:2: this is not UTF-8 text") == true)
    }

    @Test(arguments: ["[", "{", "- ", "? ", "{a: ", "a: [", "- - ? "])
    func aFileOfBracketsIsRefusedBeforeTheStackEnds(opening: String) {
        let text = String(repeating: opening, count: JobFileReader.bytesMax / opening.utf8.count)
        let error = #expect(throws: UsageError.self) { try read(text) }
        #expect(error?.description.hasPrefix("job.yaml:1: not valid YAML") == true)
    }

    @Test func aFileMayBeginWithAByteOrderMark() throws {
        #expect(try read("\u{FEFF}table: t\r\nset: { a: 1 }\r\n").request.table == "t")
    }

    @Test func filesThatCannotBeReadAreRefused() {
        for path in ["/nonexistent/job.yaml", "/"] {
            let error = #expect(throws: UsageError.self) { try JobFileReader.read(path: path) }
            #expect(error?.description.hasPrefix(path) == true)
        }
    }

    @Test func aSecretInTheFileIsNotRepeated() {
        let error = #expect(throws: UsageError.self) {
            try read("table: t\nset: { a: 1 }\nreplica_dsn: postgresql://u:hunter2@h/d")
        }
        #expect(error?.description.contains("hunter2") == false)
    }
}

struct ExampleTests {
    @Test(arguments: ["price_cents", "archive", "every_option"])
    func theExamplesOfTheDocumentationAreRead(_ name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("docs/examples/\(name).yaml").path
        let job = try JobFileReader.read(path: path)
        #expect(job.request.name != nil)
        guard name == "every_option" else { return }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for word in JobFileKeys.topWords + JobFileKeys.limitWords
        where word != "name" && word != "dsn" {
            #expect(text.contains("\(word):"), "\(word)")
        }
    }
}
