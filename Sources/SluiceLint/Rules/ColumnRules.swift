/// Adding, changing and dropping columns.
enum ColumnRules {
    static let all = [
        addingRequired, addingDefault, changingType, settingNotNull, droppingNotNull, dropping,
        renaming, addingSerial,
    ]

    private static let addingRequired = TableChange.rule(
        "adding-required-field", "a NOT NULL column without a default cannot be added to rows"
    ) { change, _ in
        let kinds = change.columnConstraints.map(\.contype)
        let fills = ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"]
        guard change.subtype == "AT_AddColumn", kinds.contains("CONSTR_NOTNULL"),
            !kinds.contains(where: { fills.contains($0) }), !TypeName(change.column).isSerial
        else { return nil }
        return Complaint(
            problem: "a NOT NULL column without a default cannot be added where there are rows",
            cure: "add it nullable, fill it, and then: ADD CHECK (… IS NOT NULL) NOT VALID, "
                + "VALIDATE CONSTRAINT, SET NOT NULL, DROP CONSTRAINT", node: change.column)
    }

    private static let addingDefault = TableChange.rule(
        "adding-field-with-default", "a default that is not a constant rewrites the table"
    ) { change, _ in
        guard change.subtype == "AT_AddColumn" else { return nil }
        for constraint in change.columnConstraints {
            if constraint.contype == "CONSTR_GENERATED" {
                return Complaint(
                    problem: "a stored generated column rewrites the table under ACCESS EXCLUSIVE",
                    cure: "add a plain column, keep it by a trigger, and fill it with sluice run",
                    node: constraint)
            }
            if constraint.contype == "CONSTR_DEFAULT", isVolatile(constraint["raw_expr"]) {
                return Complaint(
                    problem: "a default that may differ from row to row rewrites the table under "
                        + "ACCESS EXCLUSIVE",
                    cure: "add the column without it, then ALTER COLUMN … SET DEFAULT, and fill "
                        + "the rows that are there with sluice run", node: constraint)
            }
            if ["CONSTR_IDENTITY"].contains(constraint.contype) {
                return Complaint(
                    problem: "an identity column rewrites the table under ACCESS EXCLUSIVE",
                    cure: "add a plain column, fill it with sluice run, then ADD GENERATED … AS "
                        + "IDENTITY", node: constraint)
            }
        }
        return nil
    }

    private static let addingSerial = TableChange.rule(
        "adding-serial-column", "a serial column rewrites the table"
    ) { change, _ in
        guard change.subtype == "AT_AddColumn", TypeName(change.column).isSerial else { return nil }
        return Complaint(
            problem: "a serial column rewrites the table under ACCESS EXCLUSIVE, since each row "
                + "has another value",
            cure: "add a bigint column, fill it with sluice run, then SET DEFAULT nextval(…)",
            node: change.column)
    }

    /// Functions that give the same value for all rows of a statement.
    private static let stable: Set<String> = [
        "now", "transaction_timestamp", "statement_timestamp", "current_database",
        "current_schema", "current_user", "current_setting", "to_timestamp", "make_date",
        "make_interval", "array_fill", "json_build_object", "jsonb_build_object",
        "json_build_array", "jsonb_build_array", "lower", "upper", "md5", "concat", "length",
        "date_trunc", "timezone",
    ]

    /// Whether it may differ from row to row, as far as its text tells.
    private static func isVolatile(_ expression: Node) -> Bool {
        expression.all("FuncCall").contains { call in
            !stable.contains(call["funcname"].names.last?.lowercased() ?? "")
        }
    }

    private static let changingType = TableChange.rule(
        "changing-column-type", "another type rewrites the table"
    ) { change, _ in
        guard change.subtype == "AT_AlterColumnType" else { return nil }
        return Complaint(
            problem: "another type rewrites the table and its indexes under ACCESS EXCLUSIVE, and "
                + "clients that read the column may break",
            cure: "add a column of the new type, keep both the same, fill it, switch, drop the old "
                + "one", node: change.column)
    }

    private static let settingNotNull = TableChange.rule(
        "adding-not-nullable-field", "SET NOT NULL reads the table under ACCESS EXCLUSIVE"
    ) { change, script in
        let place = change.table + "." + change.columnName
        guard change.subtype == "AT_SetNotNull", !script.provenNotNull.contains(place) else {
            return nil
        }
        return Complaint(
            problem: "SET NOT NULL reads every row under ACCESS EXCLUSIVE",
            cure: "ADD CHECK (\(change.columnName) IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in "
                + "another transaction, then SET NOT NULL, which reads nothing, then drop the check"
        )
    }

    private static let droppingNotNull = TableChange.rule(
        "ban-drop-not-null", "readers may not expect NULL"
    ) { change, _ in
        guard change.subtype == "AT_DropNotNull" else { return nil }
        return Complaint(
            problem: "clients that read \(change.columnName) may not expect NULL",
            cure: "first deploy clients that do")
    }

    private static let dropping = TableChange.rule(
        "ban-drop-column", "a column that somebody still reads or writes"
    ) { change, _ in
        guard change.subtype == "AT_DropColumn" else { return nil }
        return Complaint(
            problem:
                "statements that still name \(change.columnName) fail, and its values are lost",
            cure: "first deploy clients that no longer name it; then see that nobody does")
    }

    private static let renaming = Rule(
        "renaming-column", "clients know the column by its old name"
    ) { statement, script in
        guard statement.kind == "RenameStmt",
            statement.body["renameType"].text == "OBJECT_COLUMN",
            !script.isNew(statement.body["relation"])
        else { return [] }
        let table = Script.name(statement.body["relation"])
        let old = statement.body["subname"].text ?? ""
        let new = statement.body["newname"].text ?? ""
        return [
            Complaint(
                problem: "statements that know \(old) by its old name fail at once",
                cure: "add \(new), keep both the same, fill it, switch, drop \(old)",
                migration: SafeOperation.text(for: statement))
        ]
    }
}
