/// Steps around a pair of columns that are kept the same.
enum DualWriteSteps {
    /// Rows that are tried for a value that is not the same when it comes back.
    private static let sampleRows = 10_000

    /// Makes the triggers; before the backfill's upper bound is taken, so that no row falls
    /// between.
    ///
    /// They are taken back with their column, unless it was there before.
    static func install(
        _ dual: DualWrite, _ catalog: Catalog, undoes: Bool = false
    ) async throws -> Step {
        let later = try await catalog.laterTriggers(of: dual.table, than: dual.trigger)
        let note = later.isEmpty ? "" : "; \(later.joined(separator: ", ")) fires after it"
        return Step(
            .dualWrite,
            "keep \(dual.new)\(dual.old.map { " and \($0.name) the same" } ?? " filled")\(note)",
            .transaction(dual.create), on: dual.table.name,
            lock: Lock.shareRowExclusive(dual.table.name), undo: undoes ? [dual.drop] : [])
    }

    /// Tries the expressions before any client meets them.
    static func trial(_ dual: DualWrite) -> Step {
        Step(
            .expand, "try the expressions on some rows",
            .check(
                dual.trial(rows: sampleRows),
                otherwise: "up(down(up(x))) is not up(x) for some rows: a client of the old "
                    + "shape would change what one of the new shape wrote; mend up or down"),
            on: dual.table.name)
    }

    /// Fills the rows that were there.
    static func backfill(_ dual: DualWrite) -> Step {
        Step(
            .backfill, "fill \(dual.new) of the rows that are there",
            .backfill(
                Backfill(table: dual.table.name, column: dual.new, expression: dual.up)),
            on: dual.table.name)
    }

    /// Sees that both say the same, one way or the other.
    static func agree(_ dual: DualWrite) -> Step {
        Step(
            .validate, "see that both columns say the same in every row",
            .check(
                dual.agreement,
                otherwise: "\(dual.new) does not say what its old column says in some rows: mend "
                    + "them, or roll back"), on: dual.table.name)
    }

    /// Removes the triggers once nobody writes the old shape.
    static func remove(_ dual: DualWrite) -> Step {
        Step(
            .contract, "no longer keep \(dual.new) by triggers",
            .transaction([dual.drop]), on: dual.table.name,
            lock: Lock.exclusive(dual.table.name), isFinal: true)
    }
}

/// Steps that forbid NULL without reading the table under a lock.
enum NotNullSteps {
    /// Sees beforehand that there is no NULL, while there still is a way back.
    static func check(_ table: String, _ column: String) -> Step {
        Step(
            .validate, "see that \(column) is NULL in no row",
            .check(
                "SELECT NOT EXISTS (SELECT FROM \(table) WHERE \(column) IS NULL)",
                otherwise:
                    "\(column) is NULL in some rows, and could never be NOT NULL: mend them, "
                    + "or roll back"), on: table)
    }

    /// A check that is not validated at first; then SET NOT NULL finds it and reads nothing.
    ///
    /// At the end only: until then clients of the old shape may leave the column out.
    static func steps(
        _ table: String, _ column: String, label: String, phase: Phase = .contract
    ) -> [Step] {
        let name = "sluice_\(label)_not_null"
        let drop = "ALTER TABLE \(table) DROP CONSTRAINT IF EXISTS \(name)"
        return [
            Step(
                phase, "let no new NULL into \(column)",
                .transaction([
                    drop,
                    "ALTER TABLE \(table) ADD CONSTRAINT \(name) CHECK (\(column) IS NOT NULL) "
                        + "NOT VALID",
                ]), on: table, lock: Lock.exclusive(table), undo: [drop]),
            Step(
                phase, "see that no row has NULL in \(column)",
                .transaction(["ALTER TABLE \(table) VALIDATE CONSTRAINT \(name)"]),
                on: table, lock: Lock.shareUpdateExclusive(table)),
            Step(
                phase, "make \(column) NOT NULL, which reads nothing now",
                .transaction([
                    "ALTER TABLE \(table) ALTER COLUMN \(column) SET NOT NULL", drop,
                ]), on: table, lock: Lock.exclusive(table),
                undo: ["ALTER TABLE \(table) ALTER COLUMN \(column) DROP NOT NULL"]),
        ]
    }
}
