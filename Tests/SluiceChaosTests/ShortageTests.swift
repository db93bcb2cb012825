import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// Servers that are out of disk or of connections for a while.
@Suite(.timeLimit(ChaosScale.limit)) struct ShortageTests {
    @Test func connectionsUsedUpAreWaitedFor() async throws {
        let options = SandboxOptions(replicas: 0, settings: ["max_connections": "20"])
        try await ChaosCluster.with(options) { cluster in
            let rows = ChaosScale.shortages * 10_000
            try await cluster.prepare(rows: rows, batchSeconds: 0.02)
            let dsn = try await cluster.ordinaryRole()
            let process = try IncrementCommand(dsn: dsn).start(workers: 3, batch: 50)
            try await cluster.ask { database in
                try await database.waitForProgress()
                for _ in 0..<ChaosScale.shortages {
                    let hogs = try await database.useUpConnections(of: dsn)
                    let said = process.errors.count
                    try await eventually("the run waits for connections") {
                        process.errors.dropFirst(said).contains("connection slots")
                    }
                    let late = try await SluiceProcess.run(["status", "1"], dsn: dsn)
                    #expect(late.code == 69, "\(late.text)")
                    for hog in hogs { await hog.close() }
                    let before = try await database.keysScanned()
                    try await database.waitForProgress(keys: before + 200)
                }
                try await database.hurry()
                #expect(try await process.wait() == 0, "\(process.errors)")
                try await database.expectOnce(rows: rows)
            }
            ChaosReport.note(
                "connections used up: \(ChaosScale.shortages) times; \(rows) rows once each")
        }
    }

    @Test(.enabled(if: TemporaryDisk.isPossible, "needs root and mount"))
    func aFullDiskIsWaitedFor() async throws {
        try await ChaosCluster.with(SandboxOptions()) { cluster in
            let disk = try TemporaryDisk(megabytes: 64, like: cluster.sandbox.folder)
            try await cluster.ask { database in
                let rows = (ChaosScale.shortages + 1) * 20_000
                try await database.execute(
                    "CREATE TABLESPACE small LOCATION '\(disk.folder)'")
                try await database.execute(
                    """
                    CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0,
                    pad text DEFAULT repeat('x', 100)) WITH (autovacuum_enabled = off)
                    TABLESPACE small;
                    INSERT INTO t (id) SELECT generate_series(1, \(rows));
                    ANALYZE t;
                    """)
                try await database.slowDown(seconds: 0.05)
                let process = try database.begin(workers: 2, batch: 100)
                try await database.waitForProgress()
                for _ in 0..<ChaosScale.shortages {
                    try disk.fill()
                    try await eventually("the run waits for space") {
                        try await database.value("SELECT waiting_for FROM sluice.process")?
                            .contains("No space left") == true
                    }
                    #expect(process.isRunning, "\(process.errors)")
                    #expect(try await database.value("SELECT state FROM sluice.run") == "running")
                    let before = try await database.keysScanned()
                    // Room for several seconds of work, so that the next shortage is ours.
                    try disk.free(megabytes: 4)
                    try await database.waitForProgress(keys: before + 500)
                    try await eventually("the run waits no more") {
                        try await database.value("SELECT waiting_for FROM sluice.process") == nil
                    }
                }
                try disk.free()
                try await database.speedUp()
                #expect(try await process.wait() == 0, "\(process.errors)")
                #expect(process.output.contains("room again"), "\(process.output)")
                let alarms = try await database.number(
                    "SELECT count(*) FROM sluice.event WHERE kind = 'short'")
                #expect(alarms == ChaosScale.shortages)
                try await database.expectOnce(rows: rows)
                try await database.execute("DROP TABLE t")
                try await database.execute("DROP TABLESPACE small")
                ChaosReport.note(
                    "disk full: \(ChaosScale.shortages) times; \(rows) rows once each")
            }
            withExtendedLifetime(disk) {}
        }
    }
}

extension TestDatabase {
    /// Takes every connection that an ordinary role can have, those of a run included.
    func useUpConnections(of dsn: String) async throws -> [PostgresConnection] {
        let parameters = try ConnectionParameters(dsn: dsn)
        var hogs: [PostgresConnection] = []
        try await eventually("no session is left to the run") {
            _ = try await value(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name LIKE 'sluice%'
                """)
            while let hog = try? await PostgresConnection.connect(parameters) { hogs.append(hog) }
            return try await number(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'sluice%'") == 0
        }
        return hogs
    }
}
