import SluicePostgres
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite struct CancelTests {
    private static let isSleeping =
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')"
    private static let isGone =
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)"

    @Test func cancellingATaskEndsItsStatementOnTheServer() async throws {
        try await withConnection { monitor in
            let connection = try await sibling(of: monitor)
            let pid = Parameter(connection.backendPID)
            let task = Task {
                try await failure { () throws(PostgresError) in
                    try await connection.query("SELECT pg_sleep(60)")
                }
            }
            try await waitUntil(monitor, Self.isSleeping, [pid])
            let start = ContinuousClock.now
            task.cancel()
            let error = try await task.value
            #expect(ContinuousClock.now - start < .seconds(2))
            #expect(error.kind == .cancelled)
            #expect(error.sqlState == .queryCanceled)
            #expect(!connection.isUsable)
            try await waitUntil(monitor, Self.isGone, [pid], within: .seconds(2))
        }
    }

    @Test func whatHasToBePutBackIsPutBackByACancelledTask() async throws {
        try await withConnection { connection in
            let task = Task {
                // Until it is cancelled.
                for await _ in AsyncStream<Void>.makeStream().stream {}
                let refused = try await failure { () throws(PostgresError) in
                    try await connection.query("SELECT 1")
                }
                return refused.kind == .cancelled
            }
            task.cancel()
            let isCancelled = try await task.value
            #expect(isCancelled)
        }
        try await withConnection { connection in
            let task = Task {
                for await _ in AsyncStream<Void>.makeStream().stream {}
                #expect(Task.isCancelled)
                let value = try await connection.queryToTheEnd(
                    "SELECT 7", timeout: .seconds(20)
                ).scalar
                let late = try await failure { () throws(PostgresError) in
                    try await connection.queryToTheEnd(
                        "SELECT pg_sleep(60)", timeout: .milliseconds(50))
                }
                return (value, late.kind)
            }
            task.cancel()
            let (value, kind) = try await task.value
            #expect(value == "7")
            #expect(kind == .timedOut)
        }
    }

    @Test func cancelFromOutsideIsTheSame() async throws {
        try await withConnection { monitor in
            let connection = try await sibling(of: monitor)
            connection.cancel()
            async let running = failure { () throws(PostgresError) in
                try await connection.query("SELECT pg_sleep(60)")
            }
            try await waitUntil(
                monitor, Self.isSleeping, [Parameter(connection.backendPID)])
            connection.cancel()
            let error = try await running
            #expect(error.kind == .cancelled)
            #expect(!connection.isUsable)
        }
    }

    @Test func aCancelAtAnyMomentEndsTheOperation() async throws {
        try await withConnection { monitor in
            for round in 0..<30 {
                let connection = try await sibling(of: monitor)
                let start = ContinuousClock.now
                let task = Task {
                    try await failure { () throws(PostgresError) in
                        try await connection.query("SELECT pg_sleep(60)")
                    }
                }
                for _ in 0..<(round * 20) { await Task.yield() }
                task.cancel()
                let error = try await task.value
                #expect(error.kind == .cancelled)
                #expect(ContinuousClock.now - start < .seconds(4))
                await connection.close()
            }
        }
    }

    @Test func aTaskCancelledBeforeItsTurnSendsNothingAndHarmsNobody() async throws {
        try await withConnection { monitor in
            let connection = try await sibling(of: monitor)
            _ = try await monitor.query("SELECT pg_advisory_lock(7)")
            async let first = connection.query("SELECT pg_advisory_lock(7)")
            try await waitUntil(
                monitor,
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    + " AND pid = $1)", [Parameter(connection.backendPID)])
            let second = Task {
                try await failure { () throws(PostgresError) in
                    try await connection.query("CREATE TABLE never (n int)")
                }
            }
            second.cancel()
            _ = try await monitor.query("SELECT pg_advisory_unlock(7)")
            _ = try await first
            let error = try await second.value
            #expect(error.kind == .cancelled)
            #expect(connection.isUsable)
            let table = try await connection.query("SELECT to_regclass('never')")
            #expect(table.first == [nil])
            await connection.close()
        }
    }

    @Test func aDeadlineCancelsTheStatement() async throws {
        try await withConnection { monitor in
            let connection = try await sibling(of: monitor)
            let start = ContinuousClock.now
            let error = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT pg_sleep(60)", timeout: .milliseconds(100))
            }
            let elapsed = ContinuousClock.now - start
            #expect(error.kind == .timedOut)
            #expect(elapsed > .milliseconds(99))
            #expect(elapsed < .seconds(3))
            #expect(!connection.isUsable)
            try await waitUntil(
                monitor, Self.isGone, [Parameter(connection.backendPID)], within: .seconds(3))
        }
    }

    @Test func cancellingAReceiveEndsTheWholePipe() async throws {
        try await withConnection { monitor in
            let connection = try await sibling(of: monitor)
            let pid = Parameter(connection.backendPID)
            try await connection.send([Statement("SELECT pg_sleep(60)")])
            try await connection.send([Statement("SELECT pg_sleep(60)")])
            let task = Task {
                try await failure { () throws(PostgresError) in
                    try await connection.receive()
                }
            }
            try await waitUntil(monitor, Self.isSleeping, [pid])
            let start = ContinuousClock.now
            task.cancel()
            let error = try await task.value
            #expect(error.kind == .cancelled)
            try await waitUntil(monitor, Self.isGone, [pid], within: .seconds(3))
            #expect(ContinuousClock.now - start < .seconds(4))
        }
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        try await withConnection { monitor in
            let connection = try await sibling(of: monitor)
            let pid = connection.backendPID
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            let start = ContinuousClock.now
            let error = try await failure { () throws(PostgresError) in
                try await connection.query("SELECT 1", timeout: .milliseconds(100))
            }
            kill(pid, SIGCONT)
            #expect(error.kind == .timedOut)
            #expect(ContinuousClock.now - start < .seconds(8))
            #expect(!connection.isUsable)
        }
    }
}
