/// Transactions, timeouts, and whether a script can be run again.
enum ScriptRules {
    static let all = [lockTimeout, statementTimeout, nesting, uncommitted, robust, tooLong, schema]

    /// Statements that wait for a lock which everybody else waits behind.
    private static let locking: Set<String> = [
        "AlterTableStmt", "RenameStmt", "DropStmt", "TruncateStmt", "CreateTrigStmt", "IndexStmt",
        "AlterObjectSchemaStmt", "ClusterStmt", "VacuumStmt", "ReindexStmt", "RefreshMatViewStmt",
        "DropdbStmt", "AlterDomainStmt", "LockStmt",
    ]
    /// Of these the forms that do not.
    private static func locks(_ statement: Statement, _ script: Script) -> Bool {
        let body = statement.body
        let isPlainVacuum =
            statement.kind == "VacuumStmt"
            && !body["options"].items.contains { $0["DefElem"]["defname"].text == "full" }
        let isConcurrentReindex = body["params"].items.contains {
            $0["DefElem"]["defname"].text == "concurrently"
        }
        let isConcurrentDetach = body["cmds"].items.contains {
            $0.body["def"]["PartitionCmd"]["concurrent"].isTrue
        }
        guard locking.contains(statement.kind), !isPlainVacuum, !body["concurrent"].isTrue,
            !isConcurrentReindex, !isConcurrentDetach, !script.isNew(body["relation"])
        else { return false }
        // Up to ROW EXCLUSIVE it is what statements take anyway.
        if statement.kind == "LockStmt" { return body["mode"].number ?? 8 > 3 }
        let names = body["objects"].items.map { $0["List"]["items"].names.joined(separator: ".") }
        if statement.kind == "DropStmt", script.newTables.isSuperset(of: names) { return false }
        let dropped = ["OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_VIEW", "OBJECT_TRIGGER"]
        return statement.kind != "DropStmt" || dropped.contains(body["removeType"].text ?? "")
    }

    private static let lockTimeout = Rule(
        "require-lock-timeout", "whoever waits for a lock makes all others wait"
    ) { statement, script in
        guard locks(statement, script), !script.settings.contains("lock_timeout") else { return [] }
        return [
            Complaint(
                problem: "while it waits for its lock behind a long transaction, everybody waits "
                    + "behind it",
                cure: "SET lock_timeout = '500ms' before it, and try again when it fails")
        ]
    }

    private static let statementTimeout = Rule(
        "require-statement-timeout", "a statement that takes longer than expected"
    ) { statement, script in
        guard locks(statement, script), !script.settings.contains("statement_timeout") else {
            return []
        }
        return [
            Complaint(
                problem: "nothing ends it where it holds its lock longer than expected",
                cure: "SET statement_timeout = '5s' before it")
        ]
    }

    private static let nesting = Rule(
        "transaction-nesting", "BEGIN within a transaction, COMMIT without one"
    ) { statement, script in
        guard statement.kind == "TransactionStmt" else { return [] }
        let kind = statement.body["kind"].text ?? ""
        if ["TRANS_STMT_BEGIN", "TRANS_STMT_START"].contains(kind), script.isInTransaction {
            return [
                Complaint(
                    problem: "there is a transaction already: it goes on, and the next COMMIT ends "
                        + "all of it",
                    cure: "leave it out, or COMMIT before it")
            ]
        }
        if ["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"].contains(kind), !script.isInTransaction {
            return [
                Complaint(
                    problem: "there is no transaction to end", cure: "leave it out, or BEGIN first")
            ]
        }
        return []
    }

    /// Said of the last statement, by whoever looks at the whole.
    static let uncommitted = Rule(
        "ban-uncommitted-transaction", "a transaction that nobody ends"
    ) { _, _ in [] }

    /// What it says.
    static let uncommittedComplaint = Complaint(
        problem: "the transaction is never committed: nothing of it stays",
        cure: "COMMIT at the end")

    private static let robust = Rule(
        "prefer-robust-stmts", "a script that failed half-way can be run again"
    ) { statement, script in
        guard !script.isInTransaction else { return [] }
        let body = statement.body
        let again = "the script cannot be run again where it failed half-way"
        switch statement.kind {
        case "CreateStmt", "IndexStmt", "CreateSeqStmt", "CreateSchemaStmt", "CreateExtensionStmt":
            if body["if_not_exists"].isTrue { return [] }
            // An index without a name cannot be made once only.
            return [Complaint(problem: again, cure: "IF NOT EXISTS, or a transaction")]
        case "DropStmt":
            return body["missing_ok"].isTrue
                ? [] : [Complaint(problem: again, cure: "IF EXISTS, or a transaction")]
        case "AlterEnumStmt":
            return body["newVal"].exists && !body["skipIfNewValExists"].isTrue
                && !body["oldVal"].exists
                ? [Complaint(problem: again, cure: "IF NOT EXISTS")] : []
        case "RenameStmt":
            return body["relation"].exists
                ? [Complaint(problem: again, cure: "a transaction")] : []
        case "AlterTableStmt":
            return script.isNew(body["relation"]) ? [] : alterations(body, again)
        default: return []
        }
    }

    private static func alterations(_ body: Node, _ again: String) -> [Complaint] {
        body["cmds"].items.compactMap { item in
            let command = item.body
            switch command["subtype"].text {
            case "AT_AddColumn":
                return command["missing_ok"].isTrue
                    ? nil : Complaint(problem: again, cure: "ADD COLUMN IF NOT EXISTS")
            case "AT_DropColumn", "AT_DropConstraint":
                return command["missing_ok"].isTrue
                    ? nil : Complaint(problem: again, cure: "IF EXISTS, or a transaction")
            case "AT_DetachPartition"
            where command["def"]["PartitionCmd"]["concurrent"].isTrue: return nil
            case "AT_ValidateConstraint", "AT_SetStatistics", "AT_EnableTrig", "AT_DisableTrig":
                return nil
            default: return Complaint(problem: again, cure: "a transaction")
            }
        }
    }

    /// PostgreSQL's NAMEDATALEN less its end.
    private static let nameBytesMax = 63

    private static let tooLong = Rule(
        "identifier-too-long", "a name of more than 63 bytes is cut"
    ) { statement, _ in
        // The tree has them cut already: only the text shows what was meant.
        names(in: statement.text).filter { $0.utf8.count > nameBytesMax }.map { name in
            Complaint(
                problem: "\(name.prefix(20))… has more than 63 bytes and is cut",
                cure: "a shorter name")
        }
    }

    /// Words of a statement that are no part of a text.
    private static func names(in text: String) -> [String] {
        var names: [String] = []
        var name = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open {
                    if open == "\"" { names.append(name) }
                    name = ""
                    quote = nil
                } else {
                    name.append(character)
                }
            } else if character == "'" || character == "\"" {
                quote = character
                name = ""
            } else if character.isLetter || character.isNumber || character == "_" {
                name.append(character)
            } else {
                if !name.isEmpty { names.append(name) }
                name = ""
            }
        }
        return quote == nil && !name.isEmpty ? names + [name] : names
    }

    private static let schema = Rule(
        "require-table-schema", "which schema a table goes to is the session's choice"
    ) { statement, _ in
        guard statement.kind == "CreateStmt", !statement.body["relation"]["schemaname"].exists,
            statement.body["relation"]["relpersistence"].text != "t"
        else { return [] }
        return [
            Complaint(
                problem: "the first schema of whoever runs it gets the table",
                cure: "name the schema")
        ]
    }

    /// Rules that are a matter of taste, and off unless they are asked for.
    static let optional: Set<String> = ["require-table-schema"]
}
