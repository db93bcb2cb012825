import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@Suite(.timeLimit(.minutes(12))) struct ExactlyOnceTests {
    @Test(arguments: [0, 1, 2, 999, 1_000, 10_007, 100_000])
    func everyRowIsChangedOnceWhateverTheSize(rows: Int) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: rows)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 4, batch: 1_000))
            #expect(report.exitCode == 0)
            #expect(report.status.state == .completed)
            #expect(report.status.rowsChanged == rows)
            #expect(report.status.keysScanned == rows)
            #expect(report.status.percent == 100)
            #expect(try await database.histogram() == (rows == 0 ? "" : "1:\(rows)"))
        }
    }
}
