/// One change of an `ALTER TABLE` of a table that is in use.
struct TableChange: Sendable {
    /// The table as the statement writes it, with `IF EXISTS` or not.
    let table: String
    /// What is changed, such as `AT_AddColumn`.
    let subtype: String
    /// The fields of the change.
    let command: Node

    /// The column that is defined, if one is.
    var column: Node { command["def"]["ColumnDef"] }
    /// The name of the column that is changed or added.
    var columnName: String { column["colname"].text ?? command["name"].text ?? "" }
    /// The constraint that is added, if one is.
    var constraint: Node { command["def"]["Constraint"] }
    /// Constraints of the column that is defined.
    var columnConstraints: [Node] { column["constraints"].items.map { $0["Constraint"] } }

    /// The changes of a statement; none where nobody uses the table yet.
    static func all(_ statement: Statement, _ script: Script) -> [TableChange] {
        guard statement.kind == "AlterTableStmt", !script.isNew(statement.body["relation"]) else {
            return []
        }
        let table = Script.name(statement.body["relation"])
        return statement.body["cmds"].items.map {
            TableChange(
                table: table, subtype: $0.body["subtype"].text ?? "", command: $0.body)
        }
    }

    /// A rule about changes of tables in use.
    static func rule(
        _ name: String, _ title: String,
        _ check: @escaping @Sendable (TableChange, Script) -> Complaint?
    ) -> Rule {
        Rule(name, title) { statement, script in
            all(statement, script).compactMap { change in
                guard var complaint = check(change, script) else { return nil }
                complaint.migration = SafeOperation.text(for: change, in: statement)
                return complaint
            }
        }
    }
}

extension Node {
    /// What kind of constraint it is, such as `CONSTR_CHECK`.
    var contype: String { self["contype"].text ?? "" }
}
