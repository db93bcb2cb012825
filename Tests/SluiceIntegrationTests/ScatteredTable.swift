import SluiceCore
import SluiceTestSupport

@testable import Sluice

/// A table whose keys lie all over its pages, and a job on it.
enum ScatteredTable {
    /// Changes each row once, which `n` counts.
    static let job = JobRequest(
        table: "t",
        assignments: [
            Assignment(column: "v", expression: "a * 2"),
            Assignment(column: "n", expression: "n + 1"),
        ], predicate: "v IS NULL")

    /// How it is run.
    static func options(
        _ order: OrderSetting, lanes: LaneSetting = .fixed(8), workers: Int = 2
    ) -> RunOptions {
        var options = RunOptions.with(workers: workers, batch: 500)
        options.limits.order = order
        options.limits.lanes = lanes
        options.limits.maxRowsPerSecond = .some(30_000)
        return options
    }

    /// Makes it.
    static func make(_ database: TestDatabase, rows: Int = 30_000) async throws {
        try await database.execute(
            """
            CREATE TABLE t (id uuid PRIMARY KEY, a integer, n integer NOT NULL DEFAULT 0,
            v bigint, filler text NOT NULL DEFAULT repeat('x', 60));
            INSERT INTO t (id, a) SELECT md5(i::text)::uuid, i FROM generate_series(1, \(rows)) i;
            ANALYZE t;
            """)
    }
}
