/// A statement as an operation of a migration file, which does the same while the table is used.
///
/// What only a person can say (what rows get, how a value comes back) is `…`.
enum SafeOperation {
    /// The operation of a statement or of one change of it; `nil` where there is none.
    static func text(for statement: Statement) -> String? {
        let body = statement.body
        switch statement.kind {
        case "IndexStmt": return index(body)
        case "RenameStmt": return rename(body)
        case "DropStmt": return drop(body)
        default: return nil
        }
    }

    /// The same for a change of a table.
    static func text(for change: TableChange, in statement: Statement) -> String? {
        let table = ("table", change.table)
        let column = ("column", quoted(change.columnName))
        switch change.subtype {
        case "AT_AddColumn": return addColumn(change)
        case "AT_DropColumn": return operation("drop_column", [table, column])
        case "AT_SetNotNull": return operation("set_not_null", [table, column])
        case "AT_AlterColumnType":
            let new = quoted(change.columnName + "_new")
            let type = TypeName(change.column).description
            // In quotes whatever it is: "user" without them is whoever asks.
            let name = "\"" + change.columnName.replacing("\"", with: "\"\"") + "\""
            let up = change.column["raw_default"].exists ? "…" : "\(name)::\(type)"
            return operation(
                "change_type",
                [table, column, ("to", new), ("type", type), ("up", up), ("down", "…")])
        case "AT_AddConstraint": return constraint(change, statement)
        default: return nil
        }
    }

    private static func addColumn(_ change: TableChange) -> String? {
        let kinds = change.columnConstraints.map(\.contype)
        let unknown = [
            "CONSTR_IDENTITY", "CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_FOREIGN",
            "CONSTR_GENERATED", "CONSTR_CHECK",
        ]
        guard !TypeName(change.column).isSerial, !kinds.contains(where: { unknown.contains($0) })
        else { return nil }
        var fields = [
            ("table", change.table), ("column", quoted(change.columnName)),
            ("type", TypeName(change.column).description),
        ]
        if kinds.contains("CONSTR_DEFAULT") {
            fields.append(("default", "…"))
        } else {
            fields.append(("up", "…"))
        }
        if kinds.contains("CONSTR_NOTNULL") { fields.append(("not_null", "true")) }
        return operation("add_column", fields)
    }

    private static func constraint(_ change: TableChange, _ statement: Statement) -> String? {
        let node = change.constraint
        let name = node["conname"].text.map { [("name", quoted($0))] } ?? []
        guard !node["deferrable"].isTrue, !node["nulls_not_distinct"].isTrue,
            node["fk_upd_action"].text ?? "a" == "a", node["including"].items.isEmpty
        else { return nil }
        let table = [("table", change.table)]
        switch node.contype {
        case "CONSTR_CHECK":
            guard let check = statement.parenthesis(after: node), !name.isEmpty else { return nil }
            return operation("add_check", table + name + [("check", check)])
        case "CONSTR_UNIQUE":
            guard !node["keys"].items.isEmpty else { return nil }
            return operation("add_unique", table + name + [("columns", list(node["keys"]))])
        case "CONSTR_FOREIGN":
            let other = Script.name(node["pktable"])
            let columns = node["pk_attrs"].names.map(quoted).joined(separator: ", ")
            var fields =
                table + name + [
                    ("columns", list(node["fk_attrs"])),
                    ("references", columns.isEmpty ? other : "\(other) (\(columns))"),
                ]
            if let action = deleting[node["fk_del_action"].text ?? "a"] {
                fields.append(("on_delete", action))
            }
            return operation("add_foreign_key", fields)
        default: return nil
        }
    }

    /// What the grammar calls the actions when the other row goes; the usual one is not said.
    private static let deleting = [
        "r": "restrict", "c": "cascade", "n": "set null", "d": "set default",
    ]

    private static func index(_ body: Node) -> String? {
        let elements = body["indexParams"].items.map { $0["IndexElem"] }
        let columns = elements.map { $0["name"].text }
        let isPlain = elements.allSatisfy {
            $0["opclass"].items.isEmpty && $0["collation"].items.isEmpty
                && $0["ordering"].text ?? "SORTBY_DEFAULT" == "SORTBY_DEFAULT"
                && $0["nulls_ordering"].text ?? "SORTBY_NULLS_DEFAULT" == "SORTBY_NULLS_DEFAULT"
        }
        guard isPlain, !body["nulls_not_distinct"].isTrue, body["options"].items.isEmpty,
            !columns.contains(nil), !columns.isEmpty, !body["whereClause"].exists,
            !body["indexIncludingParams"].exists
        else { return nil }
        let names = columns.compactMap { $0 }
        let table = Script.name(body["relation"])
        let name =
            body["idxname"].text
            ?? ([body["relation"]["relname"].text ?? ""] + names + ["idx"]).joined(separator: "_")
        var fields = [
            ("table", table), ("name", quoted(name)),
            ("columns", "[" + names.map(quoted).map(yaml).joined(separator: ", ") + "]"),
        ]
        if body["unique"].isTrue { fields.append(("unique", "true")) }
        if let method = body["accessMethod"].text, method != "btree" {
            fields.append(("method", method))
        }
        return operation("create_index", fields)
    }

    private static func rename(_ body: Node) -> String? {
        let table = Script.name(body["relation"])
        let new = quoted(body["newname"].text ?? "")
        switch body["renameType"].text {
        case "OBJECT_COLUMN":
            let old = quoted(body["subname"].text ?? "")
            return operation("rename_column", [("table", table), ("column", old), ("to", new)])
        case "OBJECT_TABLE": return operation("rename_table", [("table", table), ("to", new)])
        default: return nil
        }
    }

    private static func drop(_ body: Node) -> String? {
        let objects = body["objects"].items.map {
            $0["List"]["items"].names.map(quoted).joined(separator: ".")
        }
        guard let first = objects.first, objects.count == 1 else { return nil }
        switch body["removeType"].text {
        case "OBJECT_INDEX": return operation("drop_index", [("name", first)])
        case "OBJECT_TABLE": return operation("drop_table", [("table", first)])
        default: return nil
        }
    }

    // MARK: - Spelling

    private static func operation(_ keyword: String, _ fields: [(String, String)]) -> String {
        let values = fields.map { "\($0): \($1.hasPrefix("[") ? $1 : yaml($1))" }
        return "\(keyword): { \(values.joined(separator: ", ")) }"
    }

    private static func list(_ names: Node) -> String {
        "[" + names.names.map(quoted).map(yaml).joined(separator: ", ") + "]"
    }

    /// A name as SQL spells it, in quotes where it needs them.
    private static func quoted(_ name: String) -> String { Script.quoted(name) }

    /// A value within `{ }`, in quotes where YAML would read something else.
    private static func yaml(_ value: String) -> String {
        let plain = value.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                || "_.() …".unicodeScalars.contains($0)
        }
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let isWord = words.contains(value.lowercased()) && value != "true"
        let isNumber = value.first?.isNumber == true
        return plain && !isWord && !isNumber && !value.isEmpty
            ? value : "'" + value.replacing("'", with: "''") + "'"
    }
}
