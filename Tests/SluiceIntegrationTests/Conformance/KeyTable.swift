import SluiceCore
import SluicePostgres

/// A table `t` over a key of one or several columns, `k1` and so on, and how it is filled.
struct KeyTable: Sendable {
    let columns: [KeyKind]
    /// How far the rows' numbers are thinned out to values of each column: column `c` has at most
    /// so many, the last one all.
    let spreads: [Int]
    /// Whether eight rows of ten share one value of the first of several columns.
    let isSkewed: Bool
    /// Whether the key is a unique index beside a primary key of another column.
    let isIndex: Bool

    /// The key's columns, in order.
    var names: [String] { columns.indices.map { "k\($0 + 1)" } }

    var list: String { names.joined(separator: ", ") }

    /// What makes the table, with `rows` rows or the few less that are there already.
    func make(rows: Int, extremes: Bool) -> String {
        let definitions = zip(names, columns).map { "\($0) \($1.type) NOT NULL" }
        let key = isIndex ? "UNIQUE (\(list)), PRIMARY KEY (no)" : "PRIMARY KEY (\(list))"
        var script = """
            CREATE TABLE t (no bigint GENERATED ALWAYS AS IDENTITY,
            \(definitions.joined(separator: ", ")), n integer NOT NULL DEFAULT 0, \(key))
            WITH (autovacuum_enabled = off);
            INSERT INTO t (\(list)) SELECT \(values(at: "i").joined(separator: ", "))
            FROM generate_series(1, \(rows)) i ORDER BY hashint4(i) ON CONFLICT DO NOTHING;
            """
        guard extremes else { return script }
        for (index, column) in columns.enumerated() {
            for extreme in column.extremes {
                var values = values(at: "5")
                values[index] = extreme
                script += """
                    INSERT INTO t (\(list)) VALUES (\(values.joined(separator: ", ")))
                    ON CONFLICT DO NOTHING;
                    """
            }
        }
        return script
    }

    private func values(at number: String) -> [String] {
        columns.enumerated().map { index, column in
            if index == columns.count - 1 { return column.value(of: number) }
            let thinned = "\(number) % \(spreads[index]) + 1"
            guard index == 0, isSkewed else { return column.value(of: thinned) }
            return "CASE WHEN \(number) % 10 < 8 THEN \(column.value(of: "3")) "
                + "ELSE \(column.value(of: thinned)) END"
        }
    }
}
