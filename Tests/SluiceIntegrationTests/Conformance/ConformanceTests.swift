import SluiceCore
import SluiceTestSupport
import Testing

/// Exactly once and completely, over every type of key and mixes of them, by every kind of job.
@Suite(.timeLimit(.minutes(12))) struct ConformanceTests {
    /// Enough for several ranges and batches of each worker.
    private static let rows = 500
    /// What bounds a batch is the same for every kind of job, so that fewer do for the others.
    private static let rowsOfOthers = 160

    @Test(arguments: KeyKind.all)
    func everyTypeOfKey(column: KeyKind) async throws {
        try await Self.checkUpdate(prelude: "", columns: [column], analyzesIndex: true)
    }

    @Test(arguments: KeyKind.all)
    func domainsOverEveryType(column: KeyKind) async throws {
        try await Self.checkUpdate(
            prelude: "CREATE DOMAIN wrapped AS \(column.type);", columns: [column.asDomain],
            analyzesIndex: false)
    }

    @Test(arguments: KeyKind.all.indices)
    func keysOfSeveralColumns(seed: Int) async throws {
        let (columns, spreads) = Self.severalColumns(seed: seed)
        try await Self.checkUpdate(
            prelude: "", columns: columns, spreads: spreads, analyzesIndex: seed % 2 == 0)
    }

    @Test(arguments: KeyKind.all.indices)
    func everyKindOfJobOverEveryTypeOfKey(number: Int) async throws {
        try await Self.checkOthers(columns: [KeyKind.all[number]], seed: number)
    }

    @Test(arguments: KeyKind.all.indices)
    func everyKindOfJobOverKeysOfSeveralColumns(seed: Int) async throws {
        let (columns, spreads) = Self.severalColumns(seed: seed)
        try await Self.checkOthers(columns: columns, spreads: spreads, seed: seed)
    }

    /// Two to eight columns; each type leads once.
    private static func severalColumns(seed: Int) -> (columns: [KeyKind], spreads: [Int]) {
        var random = SeededGenerator(seed: UInt64(seed))
        var columns = [KeyKind.all[seed]]
        let others = KeyKind.everywhere
        for _ in 0..<(1 + seed % 7) {
            columns.append(others.randomElement(using: &random) ?? columns[0])
        }
        // An enum has too few values to tell all rows apart.
        if columns.last?.name == "enum" { columns.swapAt(0, columns.count - 1) }
        if columns.last?.name == "enum" { columns.append(KeyKind.all[1]) }
        return (columns, columns.map { _ in [1, 2, 7, 60].randomElement(using: &random) ?? 1 })
    }

    /// Empty and of one row, by primary key and by another index, one of them analyzed and the
    /// other never.
    private static func checkUpdate(
        prelude: String, columns: [KeyKind], spreads: [Int] = [1], analyzesIndex: Bool
    ) async throws {
        try await TestDatabase.with { database in
            try await KeyKind.prepare(database, for: columns)
            try await database.execute(prelude)
            for isIndex in [false, true] {
                let table = KeyTable(
                    columns: columns, spreads: spreads, isSkewed: isIndex == (spreads[0] > 5),
                    isIndex: isIndex)
                let check = ConformanceCheck(database: database, table: table, kind: .update)
                try await check.run(rows: isIndex ? 1 : 0)
                try await check.interruptedRun(rows: rows, analyzed: isIndex == analyzesIndex)
                if isIndex == analyzesIndex { try await check.repairedRun(rows: rowsOfOthers) }
            }
        }
    }

    /// Each of the other kinds on tables of its own, by primary key or by another index, analyzed
    /// or never: by turns, so that every kind meets every mix.
    private static func checkOthers(
        columns: [KeyKind], spreads: [Int] = [1], seed: Int
    ) async throws {
        try await TestDatabase.with { database in
            try await KeyKind.prepare(database, for: columns)
            for (number, kind) in ConformanceKind.others.enumerated() {
                let turn = seed + number
                let table = KeyTable(
                    columns: columns, spreads: spreads, isSkewed: turn % 3 == 0,
                    isIndex: turn % 2 == 0)
                let check = ConformanceCheck(database: database, table: table, kind: kind)
                try await check.interruptedRun(rows: rowsOfOthers, analyzed: turn / 2 % 2 == 0)
            }
        }
    }
}
