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
                for shortage in 1...ChaosScale.shortages {
                    let hogs = try await database.useUpConnections(of: dsn)
                    try await eventually("the run says that it waits") {
                        process.times("cannot be asked how it is") == shortage
                    }
                    #expect(process.output.contains("connection slots"), "\(process.output)")
                    let late = try await SluiceProcess.run(["status", "1"], dsn: dsn)
                    #expect(late.code == 69, "\(late.text)")
                    for hog in hogs { await hog.close() }
                    try await eventually("the run says that it goes on") {
                        process.times("can be asked again") == shortage
                    }
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

    /// The table's disk, or that of the whole database, ledger included.
    @Test(.enabled(if: TemporaryDisk.isPossible, "needs root and mount"), arguments: [false, true])
    func aFullDiskIsWaitedFor(withLedger: Bool) async throws {
        try await ChaosCluster.with(SandboxOptions()) { cluster in
            let disk = try TemporaryDisk(megabytes: 64, like: cluster.sandbox.folder)
            let server = cluster.sandbox.primary
            try await server.psql("CREATE TABLESPACE small LOCATION '\(disk.folder)'")
            if withLedger { try await server.psql("CREATE DATABASE small TABLESPACE small") }
            let dsn = withLedger ? server.dsn(database: "small") : cluster.dsn
            try await TestDatabase.with(dsn: dsn) { database in
                try await Self.fill(disk, under: database)
            }
            ChaosReport.note(
                "disk of the \(withLedger ? "table and the ledger" : "table") full: "
                    + "\(ChaosScale.shortages) times; \(Self.diskRows) rows once each")
            withExtendedLifetime(disk) {}
        }
    }

    private static let diskRows = (ChaosScale.shortages + 1) * 20_000

    private static func fill(_ disk: TemporaryDisk, under database: TestDatabase) async throws {
        try await database.execute(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0,
            pad text DEFAULT repeat('x', 100)) WITH (autovacuum_enabled = off) TABLESPACE small;
            INSERT INTO t (id) SELECT generate_series(1, \(diskRows));
            ANALYZE t;
            """)
        try await database.slowDown(seconds: 0.05)
        let process = try database.begin(workers: 2, batch: 100)
        try await database.waitForProgress()
        for shortage in 1...ChaosScale.shortages {
            try disk.fill()
            try await eventually("alarm \(shortage) is given") {
                process.times("until the server has room again") == shortage
            }
            #expect(process.isRunning, "\(process.errors)")
            #expect(try await database.value("SELECT state FROM sluice.run") == "running")
            let before = try await database.keysScanned()
            // Room for several seconds of work, so that the next shortage is ours.
            try disk.free(megabytes: 4)
            try await eventually("all-clear \(shortage) is given", within: .seconds(40)) {
                process.times("batches go on") == shortage
            }
            #expect(try await database.keysScanned() > before)
        }
        try disk.free()
        try await database.speedUp()
        #expect(try await process.wait() == 0, "\(process.errors)")
        try await database.expectOnce(rows: diskRows)
    }
}

extension SluiceProcess {
    /// How often it said something.
    fileprivate func times(_ words: String) -> Int {
        output.split(separator: "\n").count { $0.contains(words) }
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
