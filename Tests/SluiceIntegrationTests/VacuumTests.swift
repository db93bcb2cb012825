import Logging
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Synchronization
import Testing

@testable import Sluice

/// What a run leaves behind in its table is removed while it goes on.
@Suite(.timeLimit(.minutes(12))) struct VacuumTests {
    private static let rows = 120_000

    /// Rows that leave their page, since an index holds what is set.
    private func make(_ database: TestDatabase) async throws {
        try await database.makeTable(rows: Self.rows)
        try await database.execute("CREATE INDEX ON t (n); ANALYZE t")
    }

    private func vacuumed(_ database: TestDatabase) async throws -> Int {
        try await database.number("SELECT count(*) FROM sluice.event WHERE kind = 'vacuumed'")
    }

    @Test func aTableGrowsLessForIt() async throws {
        // A server of its own: what writes for long in another test would keep what is dead.
        try await Turnstile.shared.pass(alone: false) {
            try await withSandbox(SandboxOptions(replicas: 0)) { sandbox in
                let name = try await sandbox.primary.createDatabase()
                try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                    try await grow(database)
                }
            }
        }
    }

    private func grow(_ database: TestDatabase) async throws {
        try await make(database)
        let before = try await database.number("SELECT pg_table_size('t')")
        var options = RunOptions.with(workers: 1, batch: 1_000)
        options.limits.maxRowsPerSecond = .some(15_000)
        options.limits.vacuum = .share(0.05)
        let report = try await database.sluice.run(increment, options: options)
        #expect(report.status.state == .completed, "\(report.message)")
        let count = try await vacuumed(database)
        #expect(report.vacuums >= 1)
        // The record of one that ends with the run may be cut off with it.
        #expect((report.vacuums - 1...report.vacuums).contains(count))
        #expect(report.vacuumSeconds > 0)
        let histogram = try await database.histogram()
        #expect(histogram == "1:\(Self.rows)")
        // Without it each row takes its room a second time.
        let after = try await database.number("SELECT pg_table_size('t')")
        #expect(Double(after) < 1.8 * Double(before), "\(before) to \(after)")
    }

    /// A vacuumer that was told to begin, whatever the table is like.
    private func vacuum(
        _ database: TestDatabase, as user: String? = nil, notes: Notes = Notes()
    ) async throws -> Vacuumer.Totals {
        let job = try await JobPlanner(connection: database.connection).plan(increment)
        var parameters = try ConnectionParameters(dsn: database.dsn)
        if let user { parameters = parameters.setting("user", to: user) }
        let context = RunContext(
            run: 1, owner: "11111111-1111-4111-8111-111111111111", job: job,
            parameters: parameters, leaseSeconds: 30, logger: Logger(label: "test"),
            timelines: TimelineRecord(job.session.timeline))
        let vacuumer = Vacuumer(
            context: context,
            report: { event in
                if case .note(let text) = event { notes.texts.withLock { $0.append(text) } }
            },
            nowSeconds: { 0 })
        let part = "\(job.parts[0].number)"
        // Nothing was left at the first look; at the third, half of it can be removed.
        await vacuumer.consider([], .auto, partsInLanes: [], isHeld: false)
        for horizon in ["10", "11"] {
            await vacuumer.consider(
                [[part, "1000", "1000000", "f", "t", "0", horizon, "10", "9"]], .auto,
                partsInLanes: [], isHeld: false)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await vacuumer.run() }
            try await eventually("the vacuum has ended") { await vacuumer.isIdle }
            group.cancelAll()
        }
        return await vacuumer.totals
    }

    @Test func whoeverIsInTheWayIsLeftAlone() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            let done = try await vacuum(database)
            #expect(done.count == 1)
            let other = try await database.connect("other")
            _ = try await other.execute(
                script: "BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")
            let skipped = try await vacuum(database)
            #expect(skipped.count == 0, "the lock was not waited for, nor taken for a success")
            await other.close()
        }
    }

    @Test func aRolesOwnTimeoutsDoNotEndAVacuum() async throws {
        try await TestDatabase.with { database in
            try await database.alterDatabase("statement_timeout = '1h'")
            let session = try await database.connect("vacuum")
            _ = try await session.query(VacuumSQL.settings(isGentle: true))
            let limit = try await session.query("SHOW vacuum_cost_limit").scalar
            #expect(limit == "20", "an application's latency is kept")
            _ = try await session.query(VacuumSQL.settings(isGentle: false))
            let set =
                try await session.query(
                    """
                    SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name) FROM pg_settings
                    WHERE name IN ('client_connection_check_interval', 'statement_timeout',
                    'transaction_timeout', 'vacuum_cost_delay')
                    """
                ).scalar ?? ""
            await session.close()
            #expect(set.contains("statement_timeout 0") && set.contains("vacuum_cost_delay 2"))
            let isSeen = set.contains("client_connection_check_interval 1000")
            let version = try await database.value("SELECT version()") ?? ""
            #expect(isSeen == version.contains("linux"), "who is gone is seen on Linux")
            #expect(set.contains("transaction_timeout 0") == (session.serverVersion >= 170_000))
        }
    }

    @Test func aRoleThatMayNotIsNotTakenForOneThatDid() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            let name = try await database.value("SELECT current_database()") ?? ""
            let stranger = "stranger_\(name)"
            try await database.execute(
                "CREATE ROLE \"\(stranger)\" LOGIN; GRANT SELECT, UPDATE ON t TO \"\(stranger)\"")
            do {
                let notes = Notes()
                let done = try await vacuum(database, as: stranger, notes: notes)
                #expect(done.count == 0)
                let asked = try await PostgresConnection.connect(
                    try ConnectionParameters(dsn: database.dsn).setting("user", to: stranger))
                let job = try await JobPlanner(connection: asked).plan(increment)
                let sentence = try await VacuumPlanner(connection: asked)
                    .sentence(job, limits: Limits())
                await asked.close()
                #expect(sentence.contains("this role may not vacuum"), "\(sentence)")
                let own = try await VacuumPlanner(connection: database.connection)
                    .sentence(job, limits: Limits())
                #expect(own.hasPrefix("whenever the run has left 20000 rows dead"), "\(own)")
                if database.connection.serverVersion >= 170_000 {
                    try await database.execute("GRANT MAINTAIN ON t TO \"\(stranger)\"")
                    let granted = try await vacuum(database, as: stranger)
                    #expect(granted.count == 1)
                }
            }
            try await database.execute(
                "DROP OWNED BY \"\(stranger)\"; DROP ROLE \"\(stranger)\"")
        }
    }
}

/// What was said by the way.
private final class Notes: Sendable {
    let texts = Mutex<[String]>([])
}
