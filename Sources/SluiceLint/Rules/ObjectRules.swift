/// Tables, partitions, domains, enums, databases and schemas.
enum ObjectRules {
    static let all = [
        droppingTable, droppingDatabase, renamingTable, renamingObject, truncating, detaching,
        creatingDomain, alteringDomain, enumOrder, replacing, moving, rewriting,
    ]

    private static func dropped(_ statement: Statement, _ type: String) -> [String] {
        guard statement.kind == "DropStmt", statement.body["removeType"].text == type else {
            return []
        }
        return statement.body["objects"].items.map {
            $0["List"]["items"].names.map(Script.quoted).joined(separator: ".")
        }
    }

    private static let droppingTable = Rule(
        "ban-drop-table", "a table that somebody still reads or writes"
    ) { statement, script in
        dropped(statement, "OBJECT_TABLE").filter { !script.newTables.contains($0) }.map { table in
            Complaint(
                problem: "statements that still name \(table) fail, and its rows are lost",
                cure: "first deploy clients that no longer name it, and keep it for some days "
                    + "under another name", migration: SafeOperation.text(for: statement))
        }
    }

    private static let droppingDatabase = Rule(
        "ban-drop-database", "all of it is lost"
    ) { statement, _ in
        statement.kind == "DropdbStmt"
            ? [
                Complaint(
                    problem: "all of the database is lost",
                    cure: "do that by hand, with a backup at hand")
            ] : []
    }

    private static let renamingTable = Rule(
        "renaming-table", "clients know the table by its old name"
    ) { statement, script in
        guard statement.kind == "RenameStmt", statement.body["renameType"].text == "OBJECT_TABLE",
            !script.isNew(statement.body["relation"])
        else { return [] }
        let table = Script.name(statement.body["relation"])
        return [
            Complaint(
                problem: "statements that know \(table) by its old name fail at once",
                cure: "rename it and make a view of the old name in the same transaction, until no "
                    + "client needs it", migration: SafeOperation.text(for: statement))
        ]
    }

    private static let renamingObject = Rule(
        "renaming-object", "clients know a schema, view, type or function by its old name"
    ) { statement, script in
        let known = ["OBJECT_COLUMN", "OBJECT_TABLE", "OBJECT_TABCONSTRAINT", "OBJECT_INDEX"]
        guard statement.kind == "RenameStmt",
            !known.contains(statement.body["renameType"].text ?? ""),
            !script.isNew(statement.body["relation"])
        else { return [] }
        return [
            Complaint(
                problem: "statements that know it by its old name fail at once",
                cure: "make a new one, and drop the old one when nobody names it any more")
        ]
    }

    private static let truncating = Rule(
        "ban-truncate-cascade", "CASCADE empties tables that are not named"
    ) { statement, _ in
        guard statement.kind == "TruncateStmt", statement.body["behavior"].text == "DROP_CASCADE"
        else { return [] }
        return [
            Complaint(
                problem: "CASCADE empties every table that refers to this one, too",
                cure: "name the tables, or delete with sluice run --kind delete")
        ]
    }

    private static let detaching = TableChange.rule(
        "require-concurrent-partition-detach", "detaching a partition locks the whole table"
    ) { change, _ in
        guard change.subtype == "AT_DetachPartition",
            !change.command["def"]["PartitionCmd"]["concurrent"].isTrue
        else { return nil }
        return Complaint(
            problem: "all of the table is locked, behind whoever reads it (ACCESS EXCLUSIVE)",
            cure: "DETACH PARTITION … CONCURRENTLY, outside a transaction")
    }

    private static let creatingDomain = Rule(
        "ban-create-domain-with-constraint", "a domain's constraint cannot be changed online"
    ) { statement, _ in
        let kinds = statement.body["constraints"].items.map { $0["Constraint"].contype }
        guard statement.kind == "CreateDomainStmt",
            kinds.contains(where: { ["CONSTR_CHECK", "CONSTR_NOTNULL"].contains($0) })
        else { return [] }
        return [
            Complaint(
                problem: "a domain's constraint cannot be added or changed later without reading "
                    + "every table that uses it under a lock",
                cure: "put the constraint on the column")
        ]
    }

    private static let alteringDomain = Rule(
        "ban-alter-domain-with-add-constraint", "every table of the domain is read under a lock"
    ) { statement, _ in
        guard statement.kind == "AlterDomainStmt", statement.body["subtype"].text == "C" else {
            return []
        }
        return [
            Complaint(
                problem: "every table that uses the domain is read while writes wait",
                cure: "put the constraint on the columns, NOT VALID first")
        ]
    }

    private static let enumOrder = Rule(
        "require-enum-value-ordering", "a value without a place goes to the end"
    ) { statement, _ in
        let body = statement.body
        guard statement.kind == "AlterEnumStmt", body["newVal"].exists, !body["oldVal"].exists,
            !body["newValNeighbor"].exists
        else { return [] }
        return [
            Complaint(
                problem: "the value goes to the end of the order, which cannot be changed later",
                cure: "say BEFORE or AFTER another value")
        ]
    }

    private static let replacing = Rule(
        "force-creating-table", "a table that is dropped and made again"
    ) { statement, script in
        let dropped = dropped(statement, "OBJECT_TABLE")
        guard statement.body["missing_ok"].isTrue,
            statement.body["behavior"].text == "DROP_CASCADE",
            dropped.contains(where: { !script.newTables.contains($0) })
        else { return [] }
        return [
            Complaint(
                problem: "DROP TABLE IF EXISTS … CASCADE takes a table that is there with all that "
                    + "depends on it",
                cure: "leave it out: a migration knows what is there")
        ]
    }

    private static let moving = TableChange.rule(
        "moving-table", "the table is copied under ACCESS EXCLUSIVE"
    ) { change, _ in
        guard
            ["AT_SetTableSpace", "AT_SetLogged", "AT_SetUnLogged", "AT_SetAccessMethod"]
                .contains(change.subtype)
        else { return nil }
        return Complaint(
            problem: "the table is copied whole under ACCESS EXCLUSIVE",
            cure: "copy it with sluice run --kind copy --into, and switch names")
    }

    private static let rewriting = Rule(
        "prefer-repack", "VACUUM FULL and CLUSTER copy the table under ACCESS EXCLUSIVE"
    ) { statement, _ in
        let isFull = statement.body["options"].items.contains {
            $0["DefElem"]["defname"].text == "full"
        }
        guard statement.kind == "ClusterStmt" || (statement.kind == "VacuumStmt" && isFull) else {
            return []
        }
        return [
            Complaint(
                problem: "the table is copied whole under ACCESS EXCLUSIVE",
                cure: "pg_repack or pg_squeeze, which copy it while it is used")
        ]
    }
}
