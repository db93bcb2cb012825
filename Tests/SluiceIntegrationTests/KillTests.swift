import Foundation
import SluiceCore
import SluiceSandbox
import SluiceTestSupport
import Testing

/// A process that dies at any moment leaves a run that the same command carries on.
@Suite(.timeLimit(.minutes(12))) struct KillTests {
    @Test func everyRowIsChangedOnceThoughKilledTwentyFiveTimes() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        let server = try await SharedSandbox.server()
        try await TestDatabase.with(alone: true) { database in
            let rows = 1_000_000
            let name = try await database.value("SELECT current_database()") ?? ""
            _ = try await server.run(
                "pgbench",
                [
                    "-i", "-q", "-s", "10", "-h", server.host, "-p", "\(server.port)", "-U",
                    server.superuser, name,
                ])
            var rounds = KillRounds(database: database, seed: seed)
            for round in 0..<25 { try await rounds.kill(round) }
            #expect(rounds.killedAtWork >= 15, "seed \(seed)")
            #expect(rounds.killedInRuns > 0, "seed \(seed)")
            #expect(rounds.slowest < .seconds(1), "seed \(seed)")

            let end = try await database.command(KillRounds.command + ["--batch", "5000"])
            #expect(end.code == 0, "seed \(seed): \(end.text)")
            let histogram = try await database.value(
                """
                SELECT string_agg(abalance || ':' || c, ' ' ORDER BY abalance) FROM
                (SELECT abalance, count(*) AS c FROM pgbench_accounts GROUP BY 1) h
                """)
            #expect(histogram == "1:\(rows)", "seed \(seed)")
            #expect(try await database.keysScanned() == rows, "seed \(seed)")

            let mark = try await database.value("SELECT pg_current_xact_id()::text")
            let again = try await database.command(KillRounds.command)
            #expect(again.code == 0)
            #expect(again.text.contains("completed already"))
            #expect(again.text.contains("no --where; nothing was done"))
            #expect(
                try await database.number(
                    """
                    SELECT count(*) FROM pgbench_accounts
                    WHERE xmin::text::bigint >= \(mark ?? "0")
                    """) == 0)
        }
    }
}

/// Starts the same command again and again and kills it.
private struct KillRounds {
    static let command = [
        "run", "--table", "pgbench_accounts", "--set", "abalance = abalance + 1", "--workers", "2",
        "--progress", "plain",
    ]
    /// So small that 25 rounds cannot finish the table on any machine.
    static let slowly = command + ["--batch", "50"]

    let database: TestDatabase
    var random: SeededGenerator
    /// How many were killed after they had committed something.
    var killedAtWork = 0
    /// How many left a lane in its middle whose batches name runs of keys.
    var killedInRuns = 0
    /// The longest time from a start to its first batch.
    var slowest = Duration.zero

    init(database: TestDatabase, seed: UInt64) {
        self.database = database
        random = SeededGenerator(seed: seed)
    }

    mutating func kill(_ round: Int) async throws {
        // Every other time the next process meets what is left of the one before it.
        let isMeasured = round.isMultiple(of: 2)
        if isMeasured { try await waitUntilNobodyWorks() }
        let before = try await database.keysScanned()
        let start = ContinuousClock.now
        let process = try database.start(Self.slowly)
        if round.isMultiple(of: 5) {
            try await idle(milliseconds: 0...250, process)
        } else {
            let database = database
            try await eventually("a batch is committed", every: .milliseconds(5)) {
                try await database.keysScanned() > before
            }
            if isMeasured, round > 0 { slowest = max(slowest, start.duration(to: .now)) }
            try await idle(milliseconds: 0...400, process)
            killedAtWork += 1
        }
        #expect(process.isRunning, "the run ended before it was killed: \(process.errors)")
        try await process.kill9()
        // Before anything was committed there may be no ledger.
        guard killedAtWork > 0 else { return }
        killedInRuns += try await database.number(
            """
            SELECT count(*) FROM sluice.range
            WHERE region_keys IS NOT NULL AND lane_cursor IS NOT NULL
            """)
    }

    /// Lets a random time pass, in which the server is asked something.
    private mutating func idle(
        milliseconds: ClosedRange<Int>, _ process: SluiceProcess
    ) async throws {
        let chosen = Double(Int.random(in: milliseconds, using: &random)) / 1_000
        _ = try await database.value("SELECT pg_sleep(\(chosen))::text")
    }

    private func waitUntilNobodyWorks() async throws {
        try await eventually("the killed process's sessions end") {
            try await database.number(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'sluice%'
                """) == 0
        }
    }
}
