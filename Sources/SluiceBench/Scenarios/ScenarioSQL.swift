/// The statements that make a scenario's table.
enum ScenarioSQL {
    /// Makes the table with so many rows, as if it had been used for long: analyzed, its hint bits
    /// set, nothing left to be vacuumed.
    static func make(_ scenario: Scenario, rows: Int) -> [String] {
        let columns = scenario.key.map { "\($0.column.name) \($0.column.type) NOT NULL" }
        let keys = scenario.key.map(\.column.name).joined(separator: ", ")
        let values = scenario.key.map(\.value)
        let storage =
            scenario.isToasted
            ? ["ALTER TABLE products ALTER COLUMN note SET STORAGE EXTERNAL"] : []
        return [
            """
            CREATE TABLE products (\((columns + self.columns).joined(separator: ", ")),
            PRIMARY KEY (\(keys)))
            """
        ] + storage + [
            """
            INSERT INTO products SELECT \((values + self.values(scenario)).joined(separator: ", "))
            FROM generate_series(1::bigint, \(rows)) AS i
            """
        ] + indexes.prefix(scenario.indexes).map { "CREATE INDEX ON products (\($0))" } + [
            "ALTER TABLE products ADD COLUMN cents bigint",
            "VACUUM (ANALYZE, FREEZE) products",
        ]
    }

    private static let columns = [
        "price integer NOT NULL", "due boolean NOT NULL", "shelf integer NOT NULL",
        "supplier integer NOT NULL", "added timestamptz NOT NULL", "note text NOT NULL",
    ]

    private static func values(_ scenario: Scenario) -> [String] {
        [
            "(i * 7919 % 100000)::integer", "i % \(scenario.oneIn) = 0",
            "(i * 104729 % 5000)::integer", "(i * 1299709 % 300)::integer",
            "'2020-01-01'::timestamptz + i * interval '37 s'",
            "rpad(i::text, \(scenario.padBytes), 'x')",
        ]
    }

    private static let indexes = [
        "shelf", "supplier", "added", "price", "shelf, supplier", "supplier, added",
    ]

    /// Rows that are not as they should be, and rows in all.
    static func check(_ scenario: Scenario) -> String {
        let due = scenario.predicate ?? "true"
        return """
            SELECT count(*) FILTER (WHERE cents IS DISTINCT FROM
            CASE WHEN \(due) THEN price * 100 END), count(*) FROM products
            """
    }
}
