import SluicePostgres

/// Why none of a table's indexes can carry the key that was asked for, and the way out.
struct KeyObstacles: Sendable {
    /// One index that cannot.
    struct Index: Sendable {
        let name: String
        /// Its plain columns, in order.
        let columns: [String]
        /// Every column that it uses, in expressions and its predicate as well.
        let uses: [String]
        let obstacle: String
        /// What the obstacle lies in: a column, a predicate, an expression.
        let detail: String

        init(_ row: [String?]) {
            name = row[0] ?? ""
            columns = TextArray.parse(row[1] ?? "{}")
            uses = TextArray.parse(row[2] ?? "{}")
            obstacle = row[3] ?? ""
            detail = row[4] ?? ""
        }
    }

    let table: String
    let indexes: [Index]

    /// The sentence for a key that was asked for by its column names.
    func refusal(of names: [String], suitable: [[String]]) -> String {
        let wanted = names.map { Identifier($0).shown }.joined(separator: ", ")
        if let index = meant(by: names) {
            let offer = suitable.isEmpty ? "" : " (or use \(Self.offer(suitable)))"
            if names == [index.name], suitable.contains(index.columns) {
                return "\(Identifier(index.name).shown) is an index of \(table), and a key is "
                    + "named by its columns: \(Self.offer([index.columns]))"
            }
            return "the key (\(wanted)) of \(table): \(sentence(index))\(offer)"
        }
        return "there is no unique index of \(table) on exactly (\(wanted)): "
            + (suitable.isEmpty
                ? "create one with CREATE UNIQUE INDEX CONCURRENTLY over NOT NULL columns"
                : "use \(Self.offer(suitable)), or create one with CREATE UNIQUE INDEX "
                    + "CONCURRENTLY")
    }

    /// The sentence for a table that has no suitable index at all.
    func refusalOfAll() -> String {
        let plain =
            "table \(table) has no primary key and no unique index over NOT NULL columns, so its "
            + "rows have no order to walk in"
        guard let index = indexes.first(where: { $0.obstacle != "not unique" }) else {
            return "\(plain): create one with CREATE UNIQUE INDEX CONCURRENTLY"
        }
        return "table \(table) has no key to walk: \(sentence(index))"
    }

    /// The index that a person probably meant: the one over these columns in this order, then the
    /// one of this name, then one with an expression over them.
    private func meant(by names: [String]) -> Index? {
        indexes.first { $0.columns == names && $0.obstacle != "expression" }
            ?? indexes.first { names == [$0.name] }
            ?? indexes.first {
                $0.obstacle == "expression" && Set(names).isSubset(of: $0.uses)
            }
    }

    private func sentence(_ index: Index) -> String {
        let name = Identifier(index.name).shown
        switch index.obstacle {
        case "not unique":
            return "index \(name) is not unique, so two rows can have the same key: create one "
                + "with CREATE UNIQUE INDEX CONCURRENTLY"
        case "method":
            return "index \(name) is not a btree and has no order: create a unique btree index"
        case "expression":
            return "index \(name) is on the expression \(index.detail), and a key is made of plain "
                + "columns: create a unique index on columns"
        case "partial":
            return "index \(name) is partial (WHERE \(index.detail)) and does not hold every row: "
                + "create one without WHERE"
        case "invalid":
            return "index \(name) is invalid, its CREATE INDEX CONCURRENTLY did not end: REINDEX "
                + "INDEX CONCURRENTLY \(name)"
        case "nullable":
            let column = Identifier(index.detail).shown
            return "column \(column) of index \(name) may be NULL, and rows without a key would "
                + "be left out: ALTER TABLE \(table) ALTER COLUMN \(column) SET NOT NULL"
        case "not validated":
            return "the NOT NULL constraint \(Identifier(index.detail).shown) below index \(name) "
                + "is not validated: ALTER TABLE \(table) VALIDATE CONSTRAINT "
                + Identifier(index.detail).shown
        case "collation":
            return "index \(name) has the column \(index.detail) whose collation is "
                + "nondeterministic: different texts are equal under it, so a cursor cannot say "
                + "how far a run is; choose another key, or give the column a deterministic "
                + "collation"
        default:
            return
                "index \(name) has an order of its own (an operator class, a collation, or mixed "
                + "directions): create one with CREATE UNIQUE INDEX CONCURRENTLY on the plain "
                + "columns"
        }
    }

    private static func offer(_ indexes: [[String]]) -> String {
        let shown = indexes.prefix(3).map { columns in
            "--key \(columns.map { Identifier($0).shown }.joined(separator: ","))"
        }
        return shown.joined(separator: ", ")
    }
}
