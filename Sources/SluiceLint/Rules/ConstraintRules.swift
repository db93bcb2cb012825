/// Constraints of tables in use.
enum ConstraintRules {
    static let all = [foreignKey, notValid, primaryKey, unique, exclusion]

    private static let foreignKey = TableChange.rule(
        "adding-foreign-key-constraint", "a foreign key is checked while both tables are locked"
    ) { change, _ in
        let inline = change.columnConstraints.first { $0.contype == "CONSTR_FOREIGN" }
        let isOpen =
            change.constraint.contype == "CONSTR_FOREIGN"
            && !change.constraint["skip_validation"].isTrue
        guard isOpen || (change.subtype == "AT_AddColumn" && inline != nil) else { return nil }
        return Complaint(
            problem: "the key is checked row by row while writes to both tables wait (SHARE ROW "
                + "EXCLUSIVE)",
            cure: "add it NOT VALID, and VALIDATE CONSTRAINT in another transaction",
            node: inline ?? change.constraint)
    }

    private static let notValid = TableChange.rule(
        "constraint-missing-not-valid", "a constraint reads the table while writes wait"
    ) { change, _ in
        let checked = [
            "CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION",
        ]
        let constraint = change.constraint
        guard change.subtype == "AT_AddConstraint", checked.contains(constraint.contype),
            !constraint["skip_validation"].isTrue, !constraint["indexname"].exists
        else { return nil }
        let isCheck = ["CONSTR_CHECK", "CONSTR_FOREIGN"].contains(constraint.contype)
        return Complaint(
            problem: "every row is looked at while writes wait",
            cure: isCheck
                ? "add it NOT VALID, and VALIDATE CONSTRAINT in another transaction"
                : "make the index with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … "
                    + "USING INDEX", node: constraint)
    }

    private static let primaryKey = TableChange.rule(
        "adding-serial-primary-key-field", "a primary key builds its index under ACCESS EXCLUSIVE"
    ) { change, _ in
        let inline = change.columnConstraints.first { $0.contype == "CONSTR_PRIMARY" }
        let isOpen =
            change.constraint.contype == "CONSTR_PRIMARY" && !change.constraint["indexname"].exists
        guard isOpen || (change.subtype == "AT_AddColumn" && inline != nil) else { return nil }
        return Complaint(
            problem: "the index of a primary key is built under ACCESS EXCLUSIVE",
            cure: "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … PRIMARY KEY USING INDEX "
                + "on columns that are NOT NULL already", node: inline ?? change.constraint)
    }

    private static let unique = TableChange.rule(
        "disallowed-unique-constraint", "a unique constraint builds its index under a lock"
    ) { change, _ in
        let inline = change.columnConstraints.first { $0.contype == "CONSTR_UNIQUE" }
        let isOpen =
            change.constraint.contype == "CONSTR_UNIQUE" && !change.constraint["indexname"].exists
        guard isOpen || (change.subtype == "AT_AddColumn" && inline != nil) else { return nil }
        return Complaint(
            problem: "the index of a unique constraint is built under ACCESS EXCLUSIVE",
            cure: "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX",
            node: inline ?? change.constraint)
    }

    private static let exclusion = TableChange.rule(
        "adding-exclusion-constraint", "an exclusion constraint has no form that does not lock"
    ) { change, _ in
        guard change.constraint.contype == "CONSTR_EXCLUSION" else { return nil }
        return Complaint(
            problem: "its index is built under ACCESS EXCLUSIVE, and no other form exists",
            cure: "add it to a new table, or to an empty partition", node: change.constraint)
    }
}
