/// All rounds of all strategies on one table: A B C, A B C.
struct Rounds: Sendable {
    let plan: BenchPlan
    let databases: BenchDatabases
    let surroundings: Surroundings
    let report: @Sendable (BenchEvent) -> Void
    /// What has to be in order before each of them; it throws where it is not.
    var before: @Sendable () async throws -> Void = {}

    /// What came to an end before all rounds were done, and what was found until then.
    struct Interrupted: Error, CustomStringConvertible {
        let section: BenchReport.Section
        let reason: String

        var description: String { "ended early: \(reason)" }
    }

    /// Runs them on copies of the template.
    ///
    /// - Throws: ``Interrupted`` where something other than a strategy fails, once one has ended.
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
        section.work = table.work
        do {
            try await fill(&section, table)
        } catch {
            try Task.checkCancellation()
            guard section.entries.contains(where: { !$0.rounds.isEmpty }) else { throw error }
            section.judge(by: table.conditions)
            throw Interrupted(section: section, reason: "\(error)")
        }
        section.judge(by: table.conditions)
        return section
    }

    private func fill(_ section: inout BenchReport.Section, _ table: BenchTable) async throws {
        for round in 1...plan.rounds {
            for (index, strategy) in plan.strategies.enumerated()
            where section.entries[index].problem == nil {
                report(
                    .began(
                        strategy: strategy.name, scenario: table.name, round: round,
                        of: plan.rounds))
                try await before()
                let cell = Cell(
                    strategy: strategy, table: table, aloneBefore: section.aloneSeconds)
                let (figures, problem) = try await measure(cell)
                if let figures { section.entries[index].rounds.append(figures) }
                section.entries[index].problem = problem
                report(.ended(strategy: strategy.name, figures: figures, problem: problem))
            }
        }
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
                // What nobody measured was not kept.
                entries[index].rounds[round].keepsLimit =
                    conditions.limit == nil
                    ? nil
                    : conditions.isKept(
                        by: entries[index].rounds[round], aloneSeconds: alone) ?? false
            }
        }
    }
}
