import Foundation
import SluiceSandbox
import Testing

extension BinaryTests {
    /// A password that was given is nowhere to be read afterwards, or meanwhile.
    @Suite(.serialized) struct SecretTests {
        private static let password = "hunter2-Geheim"

        @Test func itIsInNoOutputLogLedgerOrListOfProcesses() async throws {
            var options = SandboxOptions(replicas: 1)
            options.authentication = .scram(password: Self.password)
            try await withSandbox(options) { sandbox in
                let server = sandbox.primary
                let name = try await server.createDatabase()
                _ = try await server.psql(Self.setup, database: name)
                let dsn = server.dsn(database: name)
                let replica = sandbox.replicas[0].dsn(database: name)
                try #require(dsn.contains(Self.password) && replica.contains(Self.password))
                let run = try SluiceBinary.start(
                    [
                        "run", "--table", "t", "--set", "n = 1", "--batch", "10", "--progress",
                        "json", "--verify-dsn", dsn, "--replica-dsn", replica, "--dsn", dsn,
                    ], environment: ["SLUICE_LOG": "trace"])
                var shown: [String] = []
                #expect(try await run.says("\"state\":\"running\""))
                shown.append(try await server.psql(Self.activity, database: name))
                #if os(Linux)
                    let folder = "/proc/\(run.processIdentifier)"
                    let arguments = try Self.read("\(folder)/cmdline")
                    #expect(arguments.contains("postgresql://"), "\(arguments)")
                    shown.append(arguments)
                    let core = try Self.read("\(folder)/limits").split(separator: "\n")
                        .first { $0.hasPrefix("Max core file size") }
                    let limits = core?.split(separator: " ").filter { $0 == "0" }
                    #expect(limits?.count == 2, "\(core ?? "")")
                #endif
                _ = try await server.psql(Self.end, database: name)
                _ = try await server.psql("DROP TRIGGER slow ON t", database: name)
                let outcome = try await run.end()
                #expect(outcome.code == 0, "\(outcome)")
                #expect(outcome.errors.contains("batch"), "the log is not written")
                shown += [outcome.output, outcome.errors]
                for command in [["status", "--json"], ["verify", "1"], ["doctor"], ["plan"]] {
                    let table = command == ["plan"] ? ["--table", "t", "--set", "n = 2"] : []
                    let answer = try await SluiceBinary.run(
                        command + table + ["--dsn", dsn],
                        environment: ["SLUICE_LOG": "trace"])
                    shown += [answer.output, answer.errors]
                }
                shown.append(
                    try await server.run(
                        "pg_dump", ["--inserts", "--schema", "sluice", dsn]))
                for text in shown { #expect(!text.contains(Self.password), "\(text)") }
                #expect(shown[0].contains("sluice 1"), "\(shown[0])")
            }
        }

        private static let setup = """
            CREATE TABLE t (id int PRIMARY KEY, n int);
            INSERT INTO t SELECT generate_series(1, 2000);
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END $$;
            CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION slow();
            """

        /// Gives the log something to say.
        private static let end = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name LIKE 'sluice 1 %'
            """

        /// Names and statements of everybody's sessions.
        private static let activity = """
            SELECT string_agg(application_name || ' ' || query, E'\\n') FROM pg_stat_activity
            """

        private static func read(_ path: String) throws -> String {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            let data = try handle.readToEnd() ?? Data()
            return String(decoding: data, as: UTF8.self)
        }
    }
}
