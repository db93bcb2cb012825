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
}
