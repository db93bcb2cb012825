/// Changes of rows within a migration.
enum DataRules {
    static let all = [unbatched, duplicates, withShape, locking]

    private static let unbatched = Rule(
        "unbatched-change", "one statement for all rows of a table"
    ) { statement, script in
        guard ["UpdateStmt", "DeleteStmt"].contains(statement.kind),
            !script.isNew(statement.body["relation"]),
            !hasOwnBounds(statement.body)
        else { return [] }
        let table = Script.name(statement.body["relation"])
        return [
            Complaint(
                problem: "one transaction for all rows: others wait for each of them until its "
                    + "end, the replicas get it in one piece, table and indexes double, and "
                    + "what fails at the end was for nothing",
                cure: SluiceCommand.text(for: statement, table: table))
        ]
    }

    /// Whether it says which keys it is about: `WHERE id = …`, `IN (…)` of constants.
    private static func hasOwnBounds(_ body: Node) -> Bool {
        let condition = body["whereClause"]
        let parts =
            condition["BoolExpr"]["boolop"].text == "AND_EXPR"
            ? condition["BoolExpr"]["args"].items : [condition]
        return parts.contains { part in
            let expression = part["A_Expr"]
            let isEqual =
                ["AEXPR_OP", "AEXPR_IN"].contains(expression["kind"].text ?? "")
                && expression["name"].names == ["="]
            let column = expression["lexpr"]["ColumnRef"]["fields"].names.last ?? ""
            let isKey = column == "id" || column.hasSuffix("_id") || column == "uuid"
            let right = expression["rexpr"]
            return isEqual && isKey && right.all("ColumnRef").isEmpty
                && right.all("SelectStmt").isEmpty
        }
    }

    private static let duplicates = Rule(
        "ban-duplicate-column-assignments", "a column is assigned twice"
    ) { statement, _ in
        guard statement.kind == "UpdateStmt" else { return [] }
        let names = statement.body["targetList"].items.compactMap { $0["ResTarget"]["name"].text }
        return Set(names.filter { name in names.count { $0 == name } > 1 }).sorted().map { name in
            Complaint(problem: "\(name) is assigned more than once", cure: "assign it once")
        }
    }

    private static let withShape = Rule(
        "data-change-beside-schema-change", "rows are changed while the table is locked"
    ) { statement, script in
        guard ["UpdateStmt", "DeleteStmt", "InsertStmt"].contains(statement.kind),
            script.isInTransaction, script.changesShape,
            !script.isNew(statement.body["relation"])
        else { return [] }
        return [
            Complaint(
                problem: "rows are changed in the transaction that holds ACCESS EXCLUSIVE for a "
                    + "change of the schema",
                cure: "COMMIT before it")
        ]
    }

    private static let locking = Rule(
        "locking-table", "LOCK TABLE keeps others out until the transaction's end"
    ) { statement, _ in
        // ACCESS SHARE, ROW SHARE and ROW EXCLUSIVE are what statements take anyway.
        guard statement.kind == "LockStmt", statement.body["mode"].number ?? 8 > 3 else {
            return []
        }
        return [
            Complaint(
                problem: "others wait until the transaction's end",
                cure: "lock the rows that are meant, with SELECT … FOR UPDATE")
        ]
    }
}

/// A backfill as a command.
enum SluiceCommand {
    /// What does the same in batches.
    static func text(for statement: Statement, table: String) -> String {
        guard statement.kind == "UpdateStmt" else {
            return "sluice run --kind delete --table \(table) --where '…'"
        }
        let assignments = statement.body["targetList"].items
            .compactMap { $0["ResTarget"]["name"].text }.map { "--set '\($0) = …'" }
        let condition = statement.body["whereClause"].exists ? " --where '…'" : ""
        return "sluice run --table \(table) \(assignments.joined(separator: " "))\(condition)"
    }
}
