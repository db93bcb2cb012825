import Benchmark
import SluiceCore

/// What a plan costs beside the server's own time: once for a table or a partition.
func addPlanning() {
    // PostgreSQL keeps at most 10,000 of each kind (default_statistics_target).
    for values in [100, 10_000] {
        let points = (0..<values).map { value -> KeyPoint in
            let mass = Double(1 + value % 7)
            let place = Double(value) / Double(values)
            return KeyPoint(
                value: "\(value)", mass: mass, isCommon: value % 10 == 0, place: place)
        }
        Benchmark(
            "planning: 64 ranges from \(values) values",
            configuration: .init(scalingFactor: .one)
        ) { benchmark in
            for _ in benchmark.scaledIterations {
                blackHole(CutPlan.fitted(to: points, parts: 64))
            }
        }
    }
    Benchmark("planning: a statement of one's own is taken apart") { benchmark in
        for _ in benchmark.scaledIterations {
            blackHole(
                try StatementTemplate(
                    """
                    UPDATE orders AS o SET total = (SELECT sum(price) FROM items AS i
                    WHERE i.order_id = o.id) WHERE :range(o) AND o.total IS NULL -- ':lower'
                    """))
        }
    }
}
