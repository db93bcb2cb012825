import SluiceCore
import SluicePostgres

/// The part of a batch that changes rows, which is what the kinds of job differ in.
///
/// It ends with the two that the rest of the batch reads: `sluice_change`, a row for each one
/// changed, and `sluice_count`. Everything of the user's stands in parentheses and on lines of its
/// own, so that neither an `OR` nor a trailing comment can reach beyond it.
struct ChangeSQL: Sendable {
    let table: QualifiedName
    /// The table as statements name it, with the alias where it is one of several.
    let source: String
    /// The name by which the user's expressions know it.
    let alias: String
    let key: [KeyColumn]
    let identity: JobIdentity
    /// Where a copy or a move goes.
    let target: CopyTarget?
    /// For each key column, the value before the batch's first key.
    let lower: [String]
    /// For each key column, the batch's last key.
    let upper: [String]
    /// Whether the batch begins with the table's first key, whatever that is.
    let isOpenBelow: Bool
    /// Whether a partial index that the predicate implies drives the batch.
    var isDriven = false
    /// Whether the only row is the one whose key is ``lower``.
    var isExact = false
    /// A sub-select of the keys whose rows are changed, in place of bounds.
    var keyList: String?
    /// An array of the only key column's values, in place of bounds.
    var keyArray: String?
    /// A relation of runs of the only key column's values, which it calls by their ends, in place
    /// of bounds.
    var keyRuns: String?

    /// The common table expressions, separated by commas.
    var text: String {
        switch identity.kind {
        case .update:
            changed {
                "UPDATE ONLY \(source) SET \(Self.assignments(identity))\n"
                    + (keyRuns.map { "FROM \($0)\n" } ?? "") + rows(shared: $0)
            }
        case .delete: changed { "DELETE FROM ONLY \(source)\n\(rows(shared: $0))" }
        case .copy:
            changed {
                "\(insertHead)\nSELECT \(expressionList)\nFROM ONLY \(source)\n"
                    + rows(shared: $0) + conflictClause
            }
        case .move: moved
        case .statement: counted([("sluice_change", statement)])
        }
    }

    /// One change for each number of leading key columns that a batch's two ends may share; the
    /// others find at once that they have nothing to do.
    private func changed(_ change: (Int) -> String) -> String {
        counted(sharedCounts.map { (name("sluice_change", $0), change($0)) })
    }

    private func counted(_ changes: [(name: String, sql: String)]) -> String {
        let parts = changes.map { "\($0.name) AS (\n\($0.sql)\nRETURNING 1\n)" }
        return parts.joined(separator: ", ") + ", sluice_count AS MATERIALIZED ("
            + Self.count(changes.map(\.name)) + ")"
    }

    private static func count(_ names: [String]) -> String {
        if names.count == 1 { return "SELECT count(*) AS rows FROM \(names[0])" }
        let counts = names.map { "(SELECT count(*) FROM \($0))" }
        return "SELECT \(counts.joined(separator: "\n+ ")) AS rows"
    }

    /// How many leading columns a batch's ends may share: the last one differs.
    private var sharedCounts: [Int] {
        isOpenBelow || isExact || namesKeys ? [0] : Array(key.indices)
    }

    private var namesKeys: Bool { keyList != nil || keyArray != nil || keyRuns != nil }

    private func name(_ base: String, _ shared: Int) -> String {
        sharedCounts.count == 1 ? base : "\(base)_\(shared)"
    }

    // MARK: Which rows

    /// The rows of a batch whose ends share so many leading columns.
    ///
    /// A B-tree ends a scan by a row comparison's first column alone: within one tenant,
    /// `(tenant, id) <= (500, 7)` reads on to the tenant's last row. So the columns that both ends
    /// share are compared for equality, and only the rest as a row.
    private func rows(shared: Int) -> String {
        let gate =
            sharedCounts.count == 1
            ? "" : "(SELECT c.columns FROM sluice_common c) = \(shared) AND "
        return "WHERE \(gate)\(range(qualifier: nil, shared: shared))\(predicateClause)"
    }

    /// In a form that no index serves, so that the key is what bounds the scan: an index on the
    /// predicate's column, which the planner may take for the narrower one, would be walked whole
    /// by every batch.
    ///
    /// The index that drives a batch has to be proved to hold the predicate's rows, and a
    /// sub-select in `EXISTS` may be better off as a join: those stand as they are.
    private var predicateClause: String {
        guard let predicate = identity.predicate else { return Self.unchanged(identity) }
        if isDriven || SubSelect.stands(in: predicate) {
            return " AND (\n\(predicate)\n)" + Self.unchanged(identity)
        }
        return " AND (CASE WHEN (\n\(predicate)\n) THEN true END)" + Self.unchanged(identity)
    }

    /// Leaves rows alone that are as the change would make them, where the job asks for it.
    static func unchanged(_ identity: JobIdentity) -> String {
        guard identity.kind == .update, identity.detail.skipsUnchanged == true else { return "" }
        let columns = identity.assignments.map { Identifier($0.column).quoted }
        let values = identity.assignments.map { "(\n\($0.expression)\n)" }
        return "\nAND ROW(\(columns.joined(separator: ", "))) IS DISTINCT FROM\n"
            + "ROW(\(values.joined(separator: ", ")))"
    }

    /// Row value comparison, which an index can bound.
    private func range(qualifier: String?, shared: Int = 0) -> String {
        let prefix = qualifier.map { $0 + "." } ?? ""
        // The operators of enums do not take a domain over one.
        let columns = key.map {
            prefix + Identifier($0.name).quoted
                + ($0.isComparedByCast ? "::\($0.castType)" : "")
        }
        if let keyArray {
            return "\(columns[0]) = ANY (\(keyArray)::\(key[0].castType)[])"
        }
        if keyRuns != nil {
            return "\(columns[0]) >= sluice_run.sluice_low\nAND "
                + "\(columns[0]) <= sluice_run.sluice_high"
        }
        if let keyList { return "\(Self.row(columns)) IN (\(keyList))" }
        if isExact {
            return zip(columns, lower).map { "\($0) = \($1)" }.joined(separator: "\nAND ")
        }
        let equal = (0..<shared).map { "\(columns[$0]) = \(lower[$0])\nAND " }.joined()
        func rest(_ parts: [String]) -> String { Self.row(Array(parts[shared...])) }
        let above = isOpenBelow ? "" : "\(rest(columns)) > \(rest(lower))\nAND "
        return "\(equal)\(above)\(rest(columns)) <= \(rest(upper))"
    }

    static func row(_ parts: [String]) -> String {
        parts.count == 1 ? parts[0] : "ROW(\(parts.joined(separator: ", ")))"
    }

    // MARK: Update

    /// What each column becomes.
    static func assignments(_ identity: JobIdentity) -> String {
        identity.assignments.map { "\(Identifier($0.column).quoted) = (\n\($0.expression)\n)" }
            .joined(separator: ", ")
    }

    // MARK: Copy and move

    private var insertHead: String {
        let columns = identity.assignments.map { Identifier($0.column).quoted }
        let into = "INSERT INTO \(target?.name.quoted ?? "") (\(columns.joined(separator: ", ")))"
        return into + (target?.overridesIdentity == true ? "\nOVERRIDING SYSTEM VALUE" : "")
    }

    private var expressionList: String {
        identity.assignments.map { "(\n\($0.expression)\n)" }.joined(separator: ", ")
    }

    private var conflictClause: String {
        guard let target else { return "" }
        let all = identity.assignments.map(\.column)
        let others = all.filter { !target.conflictKey.contains($0) }
        switch identity.detail.onConflict {
        case nil, .error: return ""
        case .nothing: return "\nON CONFLICT DO NOTHING"
        case .update where others.isEmpty: return "\nON CONFLICT DO NOTHING"
        case .update:
            let key = target.conflictKey.map { Identifier($0).quoted }.joined(separator: ", ")
            let values = others.map { Identifier($0).quoted }.map { "\($0) = EXCLUDED.\($0)" }
            return "\nON CONFLICT (\(key)) DO UPDATE SET \(values.joined(separator: ", "))"
        }
    }

    /// What is deleted is what is inserted: the rows as they were when they were deleted, under
    /// the table's own name for the user's expressions.
    ///
    /// A row that a trigger or a rule of the target swallows would be lost, so that the count fails
    /// and takes the batch with it. Its sentence is the text of a cast that cannot succeed; made of
    /// columns, or the server would cast it while planning.
    private var moved: String {
        let sentence = Literal.quoted(
            " rows deleted from \(table.shown) arrived in \(target?.name.shown ?? ""), so nothing "
                + "of this batch was kept: a trigger, a rule or a conflict there swallows rows; "
                + "disable it, or give --where to leave those rows out")
        let gone = sharedCounts.map { shared in
            """
            \(name("sluice_gone", shared)) AS (
            DELETE FROM ONLY \(source)
            \(rows(shared: shared))
            RETURNING *
            )
            """
        }
        let names = sharedCounts.map { name("sluice_gone", $0) }
        let all =
            names.count == 1
            ? names[0] : "(\(names.map { "SELECT * FROM \($0)" }.joined(separator: " UNION ALL ")))"
        return """
            \(gone.joined(separator: ", ")), sluice_change AS (
            \(insertHead)
            SELECT \(expressionList)
            FROM \(all) AS \(Identifier(alias).quoted)\(conflictClause)
            RETURNING 1
            ), sluice_count AS MATERIALIZED (
            SELECT CASE WHEN n.rows = d.rows THEN n.rows
            ELSE ('only ' || n.rows || ' of ' || d.rows || \(sentence))::bigint END AS rows
            FROM (SELECT count(*) AS rows FROM sluice_change) n,
            (\(Self.count(names))) d)
            """
    }

    // MARK: Statement

    private var statement: String {
        guard let sql = identity.detail.statement,
            let template = try? StatementTemplate(sql)
        else { return "" }
        return template.filled { piece in
            switch piece {
            case .text(let text): text
            case .lower: Self.operand(lower)
            case .upper: Self.operand(upper)
            case .range(let qualifier): " (\(range(qualifier: qualifier)))"
            }
        }
    }

    /// In parentheses, since a cast or an operator of the user's may follow.
    private static func operand(_ values: [String]) -> String {
        values.count == 1 ? " (\(values[0]))" : " \(row(values))"
    }
}

/// Where a copy or a move goes, as the catalogs describe it.
struct CopyTarget: Sendable, Equatable {
    let oid: UInt32
    let name: QualifiedName
    /// The columns of the unique index by which a row counts as being there already.
    let conflictKey: [String]
    /// Whether a column that is written is GENERATED ALWAYS AS IDENTITY.
    let overridesIdentity: Bool
    /// The columns that are written, and their numbers and names in the catalog.
    let columns: [String]
    let columnMark: String
}
