import Testing

@testable import SluiceSandbox

@Suite struct SandboxTests {
    @Test func aReplicaReceivesTheRowsOfThePrimary() async throws {
        try await withSandbox(.init(replicas: 1)) { sandbox in
            let replica = try #require(sandbox.replicas.first)
            try await sandbox.primary.psql("CREATE TABLE t AS SELECT 42 AS n")
            let sent = try await sandbox.primary.psql("SELECT pg_current_wal_lsn()")
            let deadline = ContinuousClock.now + .seconds(10)
            while try await replica.psql(
                "SELECT pg_last_wal_replay_lsn() >= '\(sent)'") != "t"
            {
                try #require(ContinuousClock.now < deadline, "the replica lags")
            }
            #expect(try await replica.psql("SELECT n FROM t") == "42")
            #expect(
                try await sandbox.primary.psql(
                    "SELECT slot_name, active FROM pg_replication_slots")
                    == "sluice_replica_1|t")
        }
    }

    @Test func twoSandboxesAtOnceDoNotCollide() async throws {
        async let one = Sandbox.start()
        async let other = Sandbox.start()
        let (first, second) = try await (one, other)
        #expect(first.folder != second.folder)
        #expect(first.primary.port != second.primary.port)
        try await first.primary.psql("CREATE TABLE only_here ()")
        #expect(
            try await second.primary.psql("SELECT to_regclass('only_here') IS NULL") == "t")
        await first.stop()
        #expect(try await second.primary.psql("SELECT 1") == "1")
        await second.stop()
    }

    @Test func thePasswordIsAskedForAndReplicasKnowIt() async throws {
        var options = SandboxOptions(replicas: 1, settings: ["wal_level": "logical"])
        options.authentication = .scram(password: "it's a \\ se:cr@t")
        options.superuser = "an admin"
        options.durable = true
        try await withSandbox(options) { sandbox in
            let primary = sandbox.primary
            #expect(try await primary.psql("SHOW wal_level; SHOW fsync") == "logical\non")
            #expect(
                try await primary.psql(
                    "SELECT DISTINCT auth_method FROM pg_hba_file_rules") == "scram-sha-256")
            #expect(primary.dsn.contains("//an%20admin:it%27s%20a%20%5C%20se%3Acr%40t@/postgres?"))
            for dsn in [
                primary.dsn, primary.dsn(database: "postgres", overTCP: true),
                sandbox.replicas[0].dsn,
            ] {
                let result = try await primary.tools.run("psql", ["-XAtc", "SELECT 1", dsn])
                #expect(result.output == "1\n")
            }
        }
    }

    @Test func onlyLoopbackIsListenedOn() async throws {
        let server = try await SharedSandbox.server()
        #expect(try await server.psql("SHOW listen_addresses") == "127.0.0.1")
        let tcp = server.dsn(database: "postgres", overTCP: true)
        let result = try await server.tools.run(
            "psql", ["-XAtc", "SELECT inet_server_addr()", tcp])
        #expect(result.output == "127.0.0.1\n")
    }

    @Test func aSettingThatIsNoLineIsRefused() {
        var options = SandboxOptions()
        options.settings = ["port = 1\nfsync": "on"]
        #expect(throws: SandboxError.self) { try ClusterSettings(options) }
    }

    @Test func aSettingTheServerRefusesIsExplainedByItsLog() async throws {
        let error = await #expect(throws: SandboxError.self) {
            try await Sandbox.start(.init(replicas: 0, settings: ["max_connections": "many"]))
        }
        let text = try #require(error?.description)
        #expect(error?.code == .serverFailed)
        #expect(text.contains("server primary on port"))
        #expect(text.contains("invalid value for parameter \"max_connections\": \"many\""))
    }
}
