import SluiceCore
import SluicePostgres

/// A key that really is in the table, between two ranges.
struct FoundCut: Sendable {
    let key: KeyTuple
    /// The share of keys below it.
    let position: Double
    /// See ``Cut/step``.
    let step: Double?
}

/// Finds the keys between a table's ranges: from statistics, by arithmetic, or from a sample.
///
/// Walks down the key's columns: the rows of a value that is too frequent for one range are cut
/// by the next column. Each level costs two round trips, however many such values there are.
struct CutFinder: Sendable {
    let connection: PostgresConnection
    let sql: SplitSQL

    /// The cuts in key order, and how they were found, in words.
    struct Result: Sendable {
        let cuts: [FoundCut]
        let method: String
    }

    /// Rows whose key begins with `prefix`: all of them, or those of a frequent value.
    private struct Portion {
        var prefix: KeyTuple = []
        var position = 0.0
        var mass = 1.0
        let parts: Int

        /// The portion of one of its values.
        func inside(_ giant: GiantValue) -> Portion {
            Portion(
                prefix: prefix + [giant.value], position: position + giant.position * mass,
                mass: giant.mass * mass, parts: giant.parts)
        }
    }

    /// Finds at most about `parts - 1` cuts strictly between `first` and `last`, text arrays both.
    func cuts(first: String, last: String, parts: Int) async throws(PostgresError) -> Result {
        let known = try await known(parts: parts)
        let cuts = try await sorted(known.cuts, first: first, last: last)
        // Half of them are enough: what is missing is stolen between the workers.
        if cuts.count >= (parts - 1) / 2, !cuts.isEmpty {
            return Result(cuts: cuts, method: known.method)
        }
        let rows = try await connection.query(sql.sample, [.text("\(parts)")]).rows
        let keys = rows.compactMap { $0[0].map(TextArray.parse) }
        let sampled = keys.enumerated().map { index, key in
            FoundCut(key: key, position: Double(index + 1) / Double(keys.count + 1), step: nil)
        }
        let inside = try await sorted(sampled, first: first, last: last)
        if inside.count > cuts.count {
            return Result(
                cuts: inside, method: "a sample of at most \(SplitSQL.sampledBlocks) blocks")
        }
        if cuts.isEmpty { return Result(cuts: [], method: "one range: nothing says where to cut") }
        return Result(cuts: cuts, method: known.method)
    }

    // MARK: Statistics and arithmetic

    private func known(parts: Int) async throws(PostgresError) -> Result {
        var found: [FoundCut] = []
        var portions = [Portion(parts: parts)]
        var method = "arithmetic between the first and the last key (no statistics yet)"
        for level in sql.key.indices where !portions.isEmpty {
            let plans = try await plans(portions, level: level)
            let giants = zip(portions, plans).flatMap { portion, plan in
                plan.giants.map { portion.inside($0) }
            }
            if level == 0, plans[0].isFromStatistics {
                method = "the statistics' histogram"
            }
            if level == 0, !giants.isEmpty {
                method = "the statistics' histogram and most common values"
            }
            found += try await probe(zip(portions, plans).map { ($0, $1) }, level: level)
            portions = giants
        }
        return Result(cuts: found, method: method)
    }

    /// What to ask the index for, for each portion.
    private func plans(
        _ portions: [Portion], level: Int
    ) async throws(PostgresError) -> [CutPlan] {
        let column = sql.key[level]
        let hasArithmetic = column.arithmetic != .none
        // An array of histogram bounds would be taken for one array of more dimensions.
        guard !column.isArray else { return portions.map { _ in CutPlan.even(parts: 1) } }
        let statement = sql.points(level: level)
        let results = try await answers(
            portions.map { Statement(statement, [.text(TextArray.literal($0.prefix))]) })
        return zip(portions, results).map { portion, result in
            let points = result.rows.map { row in
                KeyPoint(
                    value: row[0] ?? "", mass: row[1].flatMap(Double.init) ?? 0,
                    isCommon: row[2] == "t", place: row[3].flatMap(Double.init))
            }
            let plan = CutPlan.fitted(to: points, parts: portion.parts)
            let isEmpty = plan.cuts.isEmpty && plan.giants.isEmpty
            return isEmpty && hasArithmetic ? CutPlan.even(parts: portion.parts) : plan
        }
    }

    /// Asks the index which keys the cuts fall on.
    private func probe(
        _ plans: [(portion: Portion, plan: CutPlan)], level: Int
    ) async throws(PostgresError) -> [FoundCut] {
        let (values, places) = (sql.probedValues(level: level), sql.probedPlaces(level: level))
        var statements: [Statement] = []
        var asked: [(portion: Portion, cuts: [Cut])] = []
        func ask(_ statement: String, _ portion: Portion, _ cuts: [Cut], at targets: [String]) {
            guard !cuts.isEmpty else { return }
            statements.append(
                Statement(
                    statement,
                    [
                        .text(TextArray.literal(portion.prefix)),
                        .text(TextArray.literal(targets)),
                    ]))
            asked.append((portion, cuts))
        }
        for (portion, plan) in plans {
            let byValue = plan.cuts.filter { $0.value != nil }
            ask(values, portion, byValue, at: byValue.compactMap(\.value))
            let byPlace = plan.cuts.filter { $0.place != nil }
            ask(places, portion, byPlace, at: byPlace.compactMap(\.place).map { "\($0)" })
        }
        let results = try await answers(statements)
        return zip(asked, results).flatMap { asked, result in
            result.rows.compactMap { row in
                guard let number = row[0].flatMap({ Int($0) }), let key = row[1] else { return nil }
                let cut = asked.cuts[number - 1]
                return FoundCut(
                    key: TextArray.parse(key),
                    position: asked.portion.position + cut.position * asked.portion.mass,
                    step: cut.step.map { $0 * asked.portion.mass })
            }
        }
    }

    // MARK: Pieces

    /// The cuts in the server's order, each key once, without those at or beyond the ends: keys may
    /// have come and gone between two questions.
    private func sorted(
        _ cuts: [FoundCut], first: String, last: String
    ) async throws(PostgresError) -> [FoundCut] {
        if cuts.isEmpty { return [] }
        let keys = RangesText.keys(cuts.map(\.key))
        let rows = try await connection.query(sql.sorted, [.text(keys), .text(first), .text(last)])
            .rows
        return rows.compactMap { row in row[0].flatMap { Int($0) }.map { cuts[$0 - 1] } }
    }

    /// All answers in one round trip.
    private func answers(
        _ statements: [Statement]
    ) async throws(PostgresError) -> [QueryResult] {
        if statements.isEmpty { return [] }
        let answer = try await connection.sendAndReceive(statements)
        if let error = answer.error {
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        return answer.results
    }
}

extension CutPlan {
    fileprivate var isFromStatistics: Bool { !giants.isEmpty || cuts.contains { $0.value != nil } }
}

extension KeyColumn {
    /// Whether its values are arrays, whose type's name begins with an underscore.
    fileprivate var isArray: Bool { castType.contains("._") || castType.contains(".\"_") }
}
