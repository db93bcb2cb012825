import SluicePostgres
import Testing

@Suite struct PreparedStatementTests {
    @Test func aPreparedStatementRunsByItsNameWithOtherParameters() async throws {
        try await withConnection { connection in
            let prepared = try await connection.sendAndReceive([
                .prepare("plus", "SELECT $1::int + $2::int"), .prepared("plus", [1, 2]),
                .prepared("plus", [.text("40"), .text("2")]),
            ])
            #expect(prepared.error == nil)
            #expect(prepared.results.map(\.scalar) == [nil, "3", "42"])
            let later = try await connection.sendAndReceive([.prepared("plus", [5, .null])])
            #expect(later.results.first?.rows == [[nil]])
        }
    }

    @Test func aNameThatTheSessionDoesNotKnowIsAnErrorOfItsOwn() async throws {
        try await withConnection { connection in
            let answer = try await connection.sendAndReceive([.prepared("nobody", [])])
            #expect(answer.error?.sqlState?.rawValue == "26000")
            try await connection.recover()
            #expect(try await connection.query("SELECT 1").scalar == "1")
        }
    }

    @Test func aStatementThatCannotBeParsedIsRefusedWhenItIsPrepared() async throws {
        try await withConnection { connection in
            let answer = try await connection.sendAndReceive([
                .prepare("odd", "SELEKT 1"), .prepared("odd", []),
            ])
            #expect(answer.error?.sqlState?.rawValue == "42601")
            #expect(answer.failedStatement == 0)
        }
    }

    private static let keptCount = "SELECT count(*) FROM pg_prepared_statements"

    @Test func aKeptStatementIsParsedOnce() async throws {
        try await withConnection { connection in
            for number in 1...8 {
                let sum = try await connection.queryKept(
                    "SELECT $1::int + 1", [.text("\(number)")])
                #expect(sum.scalar == "\(number + 1)")
            }
            let answer1 = try await connection.queryKept("SELECT 'other'").scalar
            #expect(answer1 == "other")
            let answer2 = try await connection.query(Self.keptCount).scalar
            #expect(answer2 == "2")
        }
    }

    @Test func aStatementIsTimedFromWhenItIsDue() async throws {
        try await withConnection { connection in
            _ = try await connection.queryKept("SELECT 7")
            let began = ContinuousClock.now
            let soon = try await connection.latencyKept(
                "SELECT 7", dueAt: began.advanced(by: .milliseconds(300)))
            let elapsed = began.duration(to: .now)
            #expect(elapsed >= .milliseconds(299), "it is waited for")
            #expect(soon > .zero && soon < elapsed - .milliseconds(250), "which is not its time")
            let late = try await connection.latencyKept(
                "SELECT 7", dueAt: .now.advanced(by: .milliseconds(-500)))
            #expect(late >= .milliseconds(500) && late < .milliseconds(1_500))
        }
    }

    @Test func whoWaitsForATimeCanBeCancelledAndHasSentNothing() async throws {
        try await withConnection { connection in
            let waiting = Task {
                try await failure { () throws(PostgresError) in
                    try await connection.latencyKept(
                        "SELECT pg_sleep(60)", dueAt: .now.advanced(by: .seconds(60)))
                }
            }
            waiting.cancel()
            let error = try await waiting.value
            #expect(error.kind == .cancelled)
            let answer = try await connection.query("SELECT 1").scalar
            #expect(answer == "1", "the session is as good as before")
        }
    }

    @Test func aKeptStatementThatTheSessionForgotIsParsedAgain() async throws {
        try await withConnection { connection in
            let answer3 = try await connection.queryKept("SELECT 7").scalar
            #expect(answer3 == "7")
            _ = try await connection.query("DEALLOCATE ALL")
            let answer4 = try await connection.queryKept("SELECT 7").scalar
            #expect(answer4 == "7")
            let answer5 = try await connection.query(Self.keptCount).scalar
            #expect(answer5 == "1")
        }
    }

    @Test func aKeptStatementWhoseColumnChangedItsTypeIsParsedAgain() async throws {
        try await withConnection { connection in
            _ = try await connection.execute(
                script: "CREATE TEMP TABLE changing (a int); INSERT INTO changing VALUES (3)")
            let answer6 = try await connection.queryKept("SELECT a FROM changing").scalar
            #expect(answer6 == "3")
            _ = try await connection.query("ALTER TABLE changing ALTER a TYPE text")
            let answer7 = try await connection.queryKept("SELECT a FROM changing").scalar
            #expect(answer7 == "3")
        }
    }

    @Test func aStatementThatFailsIsKeptOnlyOnceItWasParsed() async throws {
        try await withConnection { connection in
            await #expect(throws: PostgresError.self) {
                try await connection.queryKept("SELEKT 1")
            }
            await #expect(throws: PostgresError.self) {
                try await connection.queryKept("SELECT 1 / $1::int", [0])
            }
            let answer8 = try await connection.queryKept("SELECT 1 / $1::int", [1]).scalar
            #expect(answer8 == "1")
            let answer9 = try await connection.query(Self.keptCount).scalar
            #expect(answer9 == "1")
        }
    }

    @Test func severalTravelTogetherAndAreParsedAgainTogether() async throws {
        try await withConnection { connection in
            let questions = [
                Statement("SELECT pg_current_xact_id()::text || $1::text", ["a"]),
                Statement("SELECT pg_current_xact_id()::text || $1::text || $2::text", ["b", "c"]),
            ]
            for round in 1...3 {
                if round == 3 { _ = try await connection.execute(script: "DISCARD ALL") }
                let answers = try await connection.queryKept(questions).map { $0.scalar ?? "" }
                // One transaction, so one number.
                let number = answers[0].dropLast()
                #expect(answers[0].hasSuffix("a") && answers[1] == number + "bc", "\(round)")
                let kept = try await connection.query(Self.keptCount).scalar
                #expect(kept == "2", "\(round)")
            }
            let failing = questions + [Statement("SELECT 1 / $1::int", [0])] + questions
            await #expect(throws: PostgresError.self) { try await connection.queryKept(failing) }
            let after = try await connection.queryKept(questions)
            #expect(after.count == 2)
            connection.opening = [Statement("BEGIN"), Statement("SET LOCAL work_mem = '64kB'")]
            let opened = try await connection.queryKept(questions)
            #expect(opened.map(\.rows.count) == [1, 1])
        }
    }

    @Test func nothingIsKeptWhereAQueryHasAnOpening() async throws {
        try await withConnection { connection in
            connection.opening = [Statement("BEGIN")]
            let answer10 = try await connection.queryKept("SELECT 7").scalar
            #expect(answer10 == "7")
            connection.opening = []
            let answer11 = try await connection.query(Self.keptCount).scalar
            #expect(answer11 == "0")
        }
    }
}
