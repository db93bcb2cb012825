import Foundation
import Testing

extension BinaryTests {
    /// `sluice bench` as a person runs it.
    @Suite(.serialized)
    struct BenchBinaryTests {
        /// A folder for everything that a benchmark writes, short enough for sockets.
        private func withFolder<Value>(
            _ body: (String) async throws -> Value
        ) async throws -> Value {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "b\(UInt16.random(in: .min ... .max))")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o1777])
            // The umask has taken some of them.
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o1777], ofItemAtPath: folder.path)
            defer { try? FileManager.default.removeItem(at: folder) }
            return try await body(folder.path)
        }

        @Test func itComparesAndLeavesItsReportAndNothingElse() async throws {
            try await withFolder { folder in
                let arguments = [
                    "bench", "--rows", "2000", "--rounds", "2", "--strategies", "single,sluice",
                ]
                let files = ["--json", "\(folder)/r.json", "--html", "\(folder)/r.html"]
                let outcome = try await SluiceBinary.run(
                    arguments + files, environment: ["TMPDIR": folder])
                #expect(outcome.code == 0, "\(outcome)")
                #expect(outcome.output.contains("indexes-3: a dense integer key"))
                let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                #expect(left == ["r.html", "r.json"])
                // The same report again, without any server.
                let again = try await SluiceBinary.run(
                    ["bench", "--from", "\(folder)/r.json", "--markdown", "\(folder)/r.md"])
                #expect(again.code == 0 && again.errors == "")
                #expect(again.output == outcome.output)
                let compared = try await SluiceBinary.run(
                    [
                        "bench", "--from", "\(folder)/r.json", "--compare", "\(folder)/r.json",
                    ])
                #expect(compared.output.contains("1.00× the rate  not told apart"))
                let lines = try String(contentsOfFile: "\(folder)/r.md", encoding: .utf8)
                #expect(lines.contains("| indexes-3, 2,000 | "))
            }
        }

        @Test(arguments: ["single  "])
        func aStoppedOneLeavesNothing(_ phase: String) async throws {
            try await withFolder { folder in
                let bench = try SluiceBinary.start(
                    ["bench", "--rows", "20000", "--rounds", "9"],
                    environment: ["TMPDIR": folder])
                let hasBegun = try await bench.reports(phase)
                #expect(hasBegun)
                bench.send(SIGINT)
                let outcome = try await bench.end()
                #expect(outcome.code == 3, "\(outcome)")
                #expect(outcome.errors.contains("its servers and files are gone"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            }
        }

        @Test(arguments: ["making", "single  "])
        func onOnesOwnTableAStoppedOneLeavesNoDatabase(_ phase: String) async throws {
            let setup = """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer);
                INSERT INTO t SELECT i FROM generate_series(1, 20000) AS i; ANALYZE t;
                """
            try await DatabaseForTests.with(setup: setup) { database in
                let bench = try database.start(
                    ["bench", "--table", "t", "--set", "n = id", "--rounds", "9"])
                let hasBegun = try await bench.reports(phase)
                #expect(hasBegun)
                bench.send(SIGINT)
                let outcome = try await bench.end()
                #expect(outcome.code == 3, "\(outcome)")
                #expect(outcome.errors.contains("its databases are gone"))
                let line = try #require(
                    outcome.errors.split(separator: "\n").first { $0.contains("creates the") })
                let names = line.split(separator: " ").filter { $0.hasPrefix("sluice_bench_") }
                #expect(names.count == 2)
                for name in names {
                    let left = try await database.psql(
                        "SELECT count(*) FROM pg_database WHERE datname = '\(name)'")
                    #expect(left == "0", "\(name)")
                }
            }
        }

        @Test func whatCannotBeComparedIsSaidInOneSentence() async throws {
            let cases: [([String], Int32, String)] = [
                (["--strategies", "slice"], 64, "did you mean sluice?"),
                (["--from", "/nowhere.json"], 64, "cannot read"),
                (["--json", "/nowhere/a.json"], 64, "cannot write"),
                (["--table", "t"], 64, "--table needs --set"),
                (
                    [
                        "--table", "t", "--set", "a = 1", "--dsn",
                        "host=127.0.0.1 port=1 dbname=x user=x",
                    ], 69, "127.0.0.1"
                ),
            ]
            for (arguments, code, words) in cases {
                let outcome = try await SluiceBinary.run(["bench"] + arguments)
                #expect(outcome.code == code, "\(arguments) \(outcome)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(words), "\(outcome.errors)")
            }
        }
    }
}
