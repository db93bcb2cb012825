/// A column that another one takes the place of, both in use meanwhile.
struct ReplacedColumn: Sendable {
    let table: String
    let column: String
    let to: String
    let type: String
    let up: String
    let down: String
    let isRequired: Bool
    let defaultText: String?
    /// What goes with the old column, by its description or the name at the end of that.
    let drops: [String]

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let old = try catalog.column(column, of: table)
        let new = try catalog.newColumn(to, of: table)
        guard !old.hasPrivileges else {
            throw MigrationError(
                .refused,
                "roles have privileges on \(old.name) of \(table.name) alone, which \(new) would "
                    + "not have: grant them on the table instead")
        }
        let allowed = try await Drops.allowed(
            drops, with: old, of: table, catalog,
            cure: "make what is needed for \(new) as well, and name what may go with \(old.name) "
                + "under drops:")
        let dual = DualWrite(
            table: table, old: old, new: new, newType: type, up: up, down: down, label: label,
            newHasEquality: try await catalog.hasEquality(type))
        try dual.requireKnown()
        var steps = [
            DualWriteSteps.trial(dual),
            Step(
                .expand, "add the column \(new) to \(table.name)",
                // Without a default: a row of the old shape would look like one of the new.
                .transaction(["ALTER TABLE \(table.name) ADD COLUMN \(new) \(type)"]),
                on: table.name, lock: Lock.exclusive(table.name),
                // Together: what is written between the two would be lost.
                undo: [dual.drop, "ALTER TABLE \(table.name) DROP COLUMN IF EXISTS \(new)"]),
            try await DualWriteSteps.install(dual, catalog), DualWriteSteps.backfill(dual),
            DualWriteSteps.agree(dual),
        ]
        if isRequired {
            steps.append(NotNullSteps.check(table.name, new))
            steps += NotNullSteps.steps(table.name, new, label: label)
        }
        var last = [dual.drop]
        if let defaultText {
            last.append("ALTER TABLE \(table.name) ALTER COLUMN \(new) SET DEFAULT \(defaultText)")
        }
        last += old.comment(on: new, of: table)
        last.append(
            "ALTER TABLE \(table.name) DROP COLUMN \(old.name)\(allowed.isEmpty ? "" : " CASCADE")")
        steps += [
            Drops.recheck(table, old, allowed),
            Step(
                .contract, "drop the column \(old.name), and keep \(new) by itself",
                .transaction(last), on: table.name, lock: Lock.exclusive(table.name),
                isFinal: true,
                dropsColumn: DroppedColumn(table: table.plain, column: old.plain)),
        ]
        return steps
    }
}

/// What goes with a column.
enum Drops {
    /// What may go with a column, of all that depends on it.
    ///
    /// - Throws: `MigrationError` with the cure where something else depends on it.
    static func allowed(
        _ drops: [String], with column: Catalog.Column, of table: Catalog.Table,
        _ catalog: Catalog, cure: String
    ) async throws -> [String] {
        let dependents = try await catalog.dependents(of: column, in: table)
        func isAllowed(_ what: String) -> Bool {
            drops.contains { what == $0 || what.hasSuffix(" " + $0) }
        }
        let others = dependents.filter { !isAllowed($0) }
        guard others.isEmpty else {
            throw MigrationError(
                .refused,
                "\(column.name) of \(table.name) is used by \(others.joined(separator: ", ")): "
                    + cure)
        }
        return dependents.filter(isAllowed)
    }

    /// Sees at the end that nothing came to depend on it since.
    static func recheck(
        _ table: Catalog.Table, _ column: Catalog.Column, _ allowed: [String]
    ) -> Step {
        Step(
            .contract, "see that nothing else uses \(column.name)",
            .check(
                CatalogSQL.dependsOnly(table.name, column.plain, allowed),
                otherwise: "something has come to use \(column.name) of \(table.name) since the "
                    + "migration was begun: \\d+ shows it; drop it, or roll back"), on: table.name)
    }
}
