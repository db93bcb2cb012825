/// Indexes of tables in use.
enum IndexRules {
    static let all = [creating, dropping, reindexing, inTransaction, wide]

    private static let creating = Rule(
        "require-concurrent-index-creation", "writes wait while an index is built"
    ) { statement, script in
        guard statement.kind == "IndexStmt", !statement.body["concurrent"].isTrue,
            !script.isNew(statement.body["relation"])
        else { return [] }
        return [
            Complaint(
                problem: "writes to the table wait until the index is built (SHARE)",
                cure: "CREATE INDEX CONCURRENTLY, outside a transaction",
                migration: SafeOperation.text(for: statement))
        ]
    }

    private static let dropping = Rule(
        "require-concurrent-index-deletion", "dropping an index locks its table"
    ) { statement, _ in
        guard statement.kind == "DropStmt", statement.body["removeType"].text == "OBJECT_INDEX",
            !statement.body["concurrent"].isTrue
        else { return [] }
        return [
            Complaint(
                problem: "the table is locked whole, behind whoever reads it (ACCESS EXCLUSIVE)",
                cure: "DROP INDEX CONCURRENTLY, outside a transaction",
                migration: SafeOperation.text(for: statement))
        ]
    }

    private static let reindexing = Rule(
        "require-concurrent-reindex", "writes wait while an index is built anew"
    ) { statement, _ in
        let isConcurrent = statement.body["params"].items.contains {
            $0["DefElem"]["defname"].text == "concurrently"
        }
        guard statement.kind == "ReindexStmt", !isConcurrent else { return [] }
        return [
            Complaint(
                problem: "writes wait, and reads by that index, until it is built anew",
                cure: "REINDEX … CONCURRENTLY, outside a transaction")
        ]
    }

    private static let inTransaction = Rule(
        "ban-concurrent-index-creation-in-transaction",
        "CONCURRENTLY does not work within a transaction"
    ) { statement, script in
        let kinds = ["IndexStmt", "DropStmt", "ReindexStmt"]
        let isConcurrent =
            statement.body["concurrent"].isTrue
            || (statement.kind == "ReindexStmt"
                && statement.body["params"].items.contains {
                    $0["DefElem"]["defname"].text == "concurrently"
                })
        guard script.isInTransaction, kinds.contains(statement.kind), isConcurrent else {
            return []
        }
        return [
            Complaint(
                problem: "CONCURRENTLY fails within a transaction",
                cure: "put it outside, as a statement of its own")
        ]
    }

    /// strong_migrations' rule: more than three columns seldom help, and make each write dearer.
    private static let columnsMax = 3

    private static let wide = Rule(
        "index-with-many-columns", "an index that is not unique with more than three columns"
    ) { statement, _ in
        guard statement.kind == "IndexStmt", !statement.body["unique"].isTrue,
            statement.body["indexParams"].items.count > columnsMax
        else { return [] }
        return [
            Complaint(
                problem: "an index of more than three columns that is not unique seldom pays for "
                    + "what it costs each write",
                cure: "begin it with the columns that tell rows apart, and leave out the others")
        ]
    }
}
