/// All rounds of all strategies on one table: A B C, A B C.
struct Rounds: Sendable {
    let plan: BenchPlan
    let databases: BenchDatabases
    let surroundings: Surroundings
    let report: @Sendable (BenchEvent) -> Void

    /// Runs them on copies of the template.
    func run(_ table: BenchTable) async throws -> BenchReport.Section {
        var section = BenchReport.Section(
            scenario: table.name, title: table.title, rows: table.rows, rowsDue: table.rowsDue,
            entries: plan.strategies.map { strategy in
                BenchReport.Entry(
                    strategy: strategy.name, rule: strategy.rule,
                    problem: strategy.obstacle(to: table.job).map {
                        BenchReport.Entry.cannot + $0
                    })
            })
        section.limit = table.conditions.limit
        for round in 1...plan.rounds {
            for (index, strategy) in plan.strategies.enumerated()
            where section.entries[index].problem == nil {
                report(
                    .began(
                        strategy: strategy.name, scenario: table.name, round: round,
                        of: plan.rounds))
                let cell = Cell(
                    strategy: strategy, table: table, aloneBefore: section.aloneSeconds)
                let (figures, problem) = try await measure(cell)
                if let figures { section.entries[index].rounds.append(figures) }
                section.entries[index].problem = problem
                report(.ended(strategy: strategy.name, figures: figures, problem: problem))
            }
        }
        section.judge(by: table.conditions)
        return section
    }

    /// One cell; a strategy that fails ends itself only, and whatever else fails ends all.
    private func measure(_ cell: Cell) async throws -> (CellFigures?, String?) {
        do {
            let figures = try await databases.withCopy { copy in
                try await cell.measure(copy, outside: databases.outside, beside: surroundings)
            }
            return (figures, nil)
        } catch let failure as StrategyFailure {
            // What was cancelled failed through nobody's fault.
            try Task.checkCancellation()
            return (nil, failure.description)
        }
    }
}

extension BenchReport.Section {
    /// What the application's 95th percentile was alone before each strategy, in seconds.
    var aloneSeconds: [Double] {
        entries.flatMap { $0.rounds.compactMap(\.applicationAloneP95Seconds) }
    }

    /// Says of each round whether it kept the limit, all by the same measure: the middle of all
    /// looks at the application alone.
    mutating func judge(by conditions: Conditions) {
        let alone = Spread(aloneSeconds)?.median
        for index in entries.indices {
            for round in entries[index].rounds.indices {
                entries[index].rounds[round].keepsLimit = conditions.isKept(
                    by: entries[index].rounds[round], aloneSeconds: alone)
            }
        }
    }
}
