import Testing

/// Exactly once and completely, over every type of key and mixes of them.
@Suite(.timeLimit(.minutes(6))) struct ConformanceTests {
    /// Enough for several ranges and batches of each worker.
    private static let rows = 500

    @Test(arguments: KeyKind.all)
    func everyTypeOfKey(column: KeyKind) async throws {
        try await Self.check(prelude: "", columns: [column], analyzesIndex: true)
    }

    @Test(arguments: KeyKind.all)
    func domainsOverEveryType(column: KeyKind) async throws {
        try await Self.check(
            prelude: "CREATE DOMAIN wrapped AS \(column.type);", columns: [column.asDomain],
            analyzesIndex: false)
    }

    @Test(arguments: KeyKind.all.indices)
    func keysOfSeveralColumns(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        // Each type leads once.
        var columns = [KeyKind.all[seed]]
        for _ in 0..<(1 + seed % 7) {
            columns.append(KeyKind.all.randomElement(using: &random) ?? columns[0])
        }
        // An enum has too few values to tell all rows apart.
        if columns.last?.name == "enum" { columns.swapAt(0, columns.count - 1) }
        if columns.last?.name == "enum" { columns.append(KeyKind.all[1]) }
        let spreads = columns.map { _ in [1, 2, 7, 60].randomElement(using: &random) ?? 1 }
        try await Self.check(
            prelude: "", columns: columns, spreads: spreads, analyzesIndex: seed % 2 == 0)
    }

    /// Empty and of one row, by primary key and by another index, one of them analyzed and the
    /// other never.
    private static func check(
        prelude: String, columns: [KeyKind], spreads: [Int] = [1], analyzesIndex: Bool,
        kind: ConformanceKind = .update
    ) async throws {
        try await TestDatabase.with { database in
            try await database.execute(KeyKind.prelude + prelude)
            for isIndex in [false, true] {
                let table = KeyTable(
                    columns: columns, spreads: spreads, isSkewed: isIndex == (spreads[0] > 5),
                    isIndex: isIndex)
                let check = ConformanceCheck(database: database, table: table, kind: kind)
                try await check.run(rows: isIndex ? 1 : 0)
                try await check.interruptedRun(rows: rows, analyzed: isIndex == analyzesIndex)
            }
        }
    }
}
