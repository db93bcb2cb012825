import Foundation
import SluiceCore
import Testing

@testable import SluiceCLI
@testable import SluiceMigration

@Suite struct MigrationTextTests {
    private static let forecast = """
        {"rows": 3000, "wal_bytes": {"likely": 1048576, "most": 2097152},
        "heap_bytes": {"likely": 0, "most": 0}, "index_bytes": {"likely": 0, "most": 0},
        "seconds": {"likely": 2, "most": 2}, "disk_bytes": 1048576, "dead_bytes": 0,
        "bound": "the server's speed", "probed_rows": 40}
        """

    private func plan(_ forecast: Forecast?, column: String? = nil) -> String {
        var backfill = Backfill(table: "t", column: "n", expression: "1")
        backfill.forecast = forecast
        backfill.forecastColumn = column
        return MigrationText.plan([Step(.backfill, "fill n", .backfill(backfill))])
    }

    @Test func aPlanSaysWhatItReckonsWith() throws {
        let forecast = try JSONDecoder().decode(Forecast.self, from: Data(Self.forecast.utf8))
        let own = plan(forecast)
        #expect(
            own.contains("     forecast for 3,000 rows\n       log     about 1.0 MiB"), "\(own)")
        #expect(
            plan(forecast, column: "a\u{1B}").contains(
                "3,000 rows, as if a\u{FFFD} were set to itself: the new value comes on top"))
        #expect(!plan(nil).contains("forecast"))
    }
}
