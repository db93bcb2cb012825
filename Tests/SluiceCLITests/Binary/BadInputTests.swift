import Foundation
import SluiceSandbox
import Testing

extension BinaryTests {
    /// Whatever is wrong with what was asked: one sentence with the cure, the exit code of the
    /// interface, and nothing changed in the database.
    @Suite(.serialized)
    struct BadInputTests {
        /// One thing that a person gets wrong.
        struct Mistake: Sendable, CustomTestStringConvertible {
            let name: String
            var setup = ""
            let arguments: [String]
            /// Words that the sentence must hold: the thing, and the cure.
            let words: [String]

            var testDescription: String { name }
        }

        static let table = """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0,
                g integer GENERATED ALWAYS AS (n * 2) STORED,
                i integer GENERATED ALWAYS AS IDENTITY);
            INSERT INTO t (id) SELECT generate_series(1, 100);
            """

        static func run(_ table: String, _ set: String, _ more: String...) -> [String] {
            ["run", "--table", table, "--set", set] + more
        }

        static let mistakes: [Mistake] = [
            Mistake(
                name: "missing table", arguments: run("nowhere", "n = 1"), words: ["nowhere"]),
            Mistake(
                name: "missing schema", arguments: run("nowhere.t", "n = 1"), words: ["nowhere"]),
            Mistake(
                name: "missing column", arguments: run("t", "m = 1"), words: ["no column m", "id"]),
            Mistake(
                name: "missing column in the expression", arguments: run("t", "n = m"),
                words: ["m"]),
            Mistake(
                name: "assignment to the key", arguments: run("t", "id = id + 1"),
                words: ["column id", "key"]),
            Mistake(
                name: "assignment to a generated column", arguments: run("t", "g = 1"),
                words: ["column g", "generated"]),
            Mistake(
                name: "assignment to an identity column", arguments: run("t", "i = 1"),
                words: ["column i", "IDENTITY"]),
            Mistake(
                name: "two assignments to one column",
                arguments: run("t", "n = 1", "--set", "n = 2"), words: ["column n", "twice"]),
            Mistake(
                name: "syntax error in --set", arguments: run("t", "n = 1 +"), words: ["syntax"]),
            Mistake(
                name: "wrong type in --set", arguments: run("t", "n = now()"), words: ["n"]),
            Mistake(
                name: "syntax error in --where", arguments: run("t", "n = 1", "--where", "n >"),
                words: ["syntax"]),
            Mistake(
                name: "--where that is no condition", arguments: run("t", "n = 1", "--where", "n"),
                words: ["boolean"]),
            Mistake(
                name: "--where that closes the parenthesis",
                arguments: run("t", "n = 1", "--where", "true) OR (true"), words: ["where"]),
            Mistake(
                name: "statement behind --set",
                arguments: run("t", "n = 1; DELETE FROM t"), words: ["n"]),
            Mistake(
                name: "statement behind --throttle-query",
                arguments: run("t", "n = 1", "--throttle-query", "SELECT 1; DROP TABLE t"),
                words: ["--throttle-query", "multiple commands", "off"]),
            Mistake(
                name: "--foreground-probe that writes",
                arguments: run(
                    "t", "n = 1", "--foreground-probe", "UPDATE t SET n = 3 RETURNING n"),
                words: ["--foreground-probe", "read-only"]),
            Mistake(
                name: "password in --throttle-url",
                arguments: run("t", "n = 1", "--throttle-url", "http://u:p@h/"),
                words: ["--throttle-url", "password"]),
            Mistake(
                name: "zone that is not known",
                arguments: run("t", "n = 1", "--window", "22:00-06:00@Europe/Stokholm"),
                words: ["--window", "did you mean Europe/Stockholm"]),
            Mistake(
                name: "aggregate in --set", arguments: run("t", "n = max(id)"),
                words: ["aggregate"]),
            Mistake(
                name: "view", setup: "CREATE VIEW v AS SELECT * FROM t",
                arguments: run("v", "n = 1"), words: ["view"]),
            Mistake(
                name: "foreign table",
                setup: """
                    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
                    CREATE FOREIGN TABLE f (id int, n int) SERVER s;
                    """,
                arguments: run("f", "n = 1"), words: ["foreign"]),
            Mistake(
                name: "sequence", setup: "CREATE SEQUENCE q", arguments: run("q", "n = 1"),
                words: ["q"]),
            Mistake(
                name: "no usable key", setup: "CREATE TABLE k (a int, b int)",
                arguments: run("k", "b = 1"), words: ["key"]),
            Mistake(
                name: "--key without a unique index",
                arguments: run("t", "n = 1", "--key", "i"), words: ["unique"]),
            Mistake(
                name: "--key that does not exist", arguments: run("t", "n = 1", "--key", "z"),
                words: ["z"]),
            Mistake(
                name: "delete of everything, unasked",
                arguments: ["run", "--table", "t", "--kind", "delete"], words: ["--yes", "t"]),
            Mistake(
                name: "copy into nothing", arguments: ["run", "--table", "t", "--into", "nowhere"],
                words: ["nowhere", "CREATE TABLE"]),
            Mistake(
                name: "copy into itself",
                arguments: ["run", "--table", "t", "--into", "public.t"], words: ["another table"]),
            Mistake(
                name: "move that would lose rows", setup: "CREATE TABLE u (LIKE t)",
                arguments: [
                    "run", "--table", "t", "--kind", "move", "--into", "u", "--where", "n = 0",
                    "--on-conflict", "nothing",
                ], words: ["--on-conflict", "copy first"]),
            Mistake(
                name: "statement without bounds",
                arguments: ["run", "--table", "t", "--statement", "UPDATE t SET n = 1"],
                words: ["--statement", ":range"]),
            Mistake(
                name: "two statements",
                arguments: [
                    "run", "--table", "t", "--statement",
                    "DELETE FROM t WHERE :range; DROP TABLE t",
                ], words: ["--statement", "one INSERT, UPDATE or DELETE"]),
            Mistake(
                name: "statement that closes the parenthesis",
                arguments: [
                    "run", "--table", "t", "--statement",
                    "DELETE FROM t WHERE :range), x AS (DELETE FROM t",
                ], words: ["--statement", "parenthesis"]),
            Mistake(
                name: "no workers", arguments: run("t", "n = 1", "--workers", "0"),
                words: ["--workers"]
            ),
            Mistake(
                name: "negative batch", arguments: run("t", "n = 1", "--batch", "-5"),
                words: ["--batch"]),
            Mistake(
                name: "lease shorter than a statement",
                arguments: run("t", "n = 1", "--lease", "10s"), words: ["--lease"]),
            Mistake(name: "resume of nothing", arguments: ["resume", "12"], words: ["12"]),
            Mistake(name: "pause of nothing", arguments: ["pause", "x"], words: ["x"]),
            Mistake(name: "cancel of nothing", arguments: ["cancel", "x"], words: ["x"]),
            Mistake(
                name: "tune of nothing", arguments: ["tune", "x", "--batch", "9"], words: ["x"]),
            Mistake(name: "status of nothing", arguments: ["status", "x"], words: ["x"]),
        ]

        @Test(arguments: mistakes)
        func aMistakeChangesNothing(_ mistake: Mistake) async throws {
            try await DatabaseForTests.with(setup: Self.table + mistake.setup) { database in
                let before = try await database.dump()
                let outcome = try await database.sluice(mistake.arguments)
                expectRefusal(outcome, mistake.words)
                #expect(try await database.dump() == before)
            }
        }

        @Test(arguments: mistakes.filter { $0.arguments.first == "run" })
        func aPlanRefusesWhatARunRefuses(_ mistake: Mistake) async throws {
            // The lease belongs to a process, not to a plan.
            guard !mistake.arguments.contains("--lease") else { return }
            try await DatabaseForTests.with(setup: Self.table + mistake.setup) { database in
                let outcome = try await database.sluice(["plan"] + mistake.arguments.dropFirst())
                #expect(outcome.code == 64, "\(outcome)")
                #expect(outcome.errors.hasPrefix("sluice: "))
            }
        }

        @Test func aJobFileWithAnUnknownKeyIsRefusedWithItsLine() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let path = NSTemporaryDirectory() + "/job-\(UUID().uuidString).yaml"
                try "table: t\nset: { n: n + 1 }\nwher: n = 0\n".write(
                    toFile: path, atomically: true, encoding: .utf8)
                let before = try await database.dump()
                let outcome = try await database.sluice(["run", path])
                expectRefusal(outcome, ["\(path):3: unknown key \"wher\"; did you mean \"where\"?"])
                #expect(try await database.dump() == before)
                try FileManager.default.removeItem(atPath: path)
            }
        }

        @Test func aChangedJobUnderTheNameOfAnUnfinishedRunIsRefused() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let begun = try await database.sluice(
                    Self.run("t", "n = n + 1", "--name", "j", "--progress", "none"))
                #expect(begun.code == 0, "\(begun)")
                try await database.psql("UPDATE sluice.run SET state = 'paused'")
                let before = try await database.dump()
                let outcome = try await database.sluice(Self.run("t", "n = n + 2", "--name", "j"))
                expectRefusal(outcome, ["run 1", "set", "sluice resume 1", "--name"])
                #expect(try await database.dump() == before)
            }
        }

        @Test func aLedgerOfANewerVersionIsLeftAlone() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let begun = try await database.sluice(Self.run("t", "n = 1", "--progress", "none"))
                #expect(begun.code == 0, "\(begun)")
                try await database.psql("UPDATE sluice.ledger SET version = version + 1")
                let before = try await database.dump()
                for arguments in [
                    Self.run("t", "n = 2", "--name", "other"), ["status"], ["resume", "1"],
                    ["pause", "1"], ["cancel", "1"], ["tune", "1", "--batch", "9"],
                ] {
                    expectRefusal(try await database.sluice(arguments), ["newer Sluice"])
                }
                #expect(try await database.dump() == before)
            }
        }

        @Test func withoutPermissionForTheLedgerNothingHappens() async throws {
            let role = "nobody_\(UInt32.random(in: 0 ... .max))"
            let setup = Self.table + "CREATE ROLE \(role) LOGIN; GRANT ALL ON t TO \(role);"
            try await DatabaseForTests.with(setup: setup) { database in
                let before = try await database.dump()
                let dsn = database.server.dsn(database: database.name, user: role)
                let outcome = try await SluiceBinary.run(Self.run("t", "n = 1", "--dsn", dsn))
                expectRefusal(outcome, ["GRANT CREATE ON DATABASE"])
                #expect(try await database.dump() == before)
                try await database.psql("DROP OWNED BY \(role); DROP ROLE \(role)")
            }
        }

        @Test func noServerIsUnreachable() async throws {
            for arguments in [
                Self.run("t", "n = 1"), ["plan", "--table", "t", "--set", "n = 1"], ["status"],
                ["status", "--watch"], ["resume", "1"], ["pause", "1"], ["cancel", "1"],
                ["tune", "1", "--batch", "9"], ["doctor"],
            ] {
                let outcome = try await SluiceBinary.run(
                    arguments + ["--dsn", "postgresql://u:hunter2@127.0.0.1:1/d"])
                #expect(outcome.code == 69, "\(arguments): \(outcome)")
                expectOneSentence(outcome, ["127.0.0.1"])
                #expect(!outcome.errors.contains("hunter2"))
            }
        }

        @Test func aWrongPasswordIsUnreachable() async throws {
            var options = SandboxOptions()
            options.authentication = .scram(password: "right")
            try await withSandbox(options) { sandbox in
                let dsn = sandbox.primary.dsn.replacing(":right@", with: ":hunter2@")
                let outcome = try await SluiceBinary.run(Self.run("t", "n = 1", "--dsn", dsn))
                #expect(outcome.code == 69)
                expectOneSentence(outcome, ["password"])
                #expect(!outcome.errors.contains("hunter2"))
            }
        }

        private func expectRefusal(
            _ outcome: SluiceBinary.Outcome, _ words: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(outcome.code == 64, "\(outcome)", sourceLocation: sourceLocation)
            expectOneSentence(outcome, words, sourceLocation: sourceLocation)
        }

        private func expectOneSentence(
            _ outcome: SluiceBinary.Outcome, _ words: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(outcome)", sourceLocation: sourceLocation)
            #expect(outcome.errors.hasPrefix("sluice: "), sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    outcome.errors.contains(word), "\(outcome.errors)",
                    sourceLocation: sourceLocation)
            }
        }
    }
}
