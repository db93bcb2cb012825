import SluicePostgres

/// A primary key of a wider type, under its old name: integer becomes bigint before it ends.
struct ChangePrimaryKey: Operation {
    static let keyword = "change_primary_key"
    static let fields = ["table": true, "column": true, "type": true]

    private let table: String
    private let column: String
    private let type: String

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        column = fields["column"]
        type = fields["type"]
    }

    var shape: ShapeChange {
        .hidden("views of a table keep its primary key from being changed")
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        try catalog.requireWhole(table, for: "build a unique index")
        let old = try catalog.column(column, of: table)
        let key = try await key(of: table, old, catalog)
        let referring = try await catalog.referringKeys(to: table)
        let new = try catalog.newColumn("sluice_\(label)_new", of: table)
        let dual = DualWrite(
            table: table, old: nil, new: new, newType: type, up: old.name, down: nil, label: label)
        let name = "sluice_\(label)_key"
        let check = "sluice_\(label)_not_null"
        let drop = "ALTER TABLE \(table.name) DROP CONSTRAINT IF EXISTS \(check)"
        return [
            Step(
                .expand, "add a \(type) beside \(old.name) of \(table.name)",
                .transaction(["ALTER TABLE \(table.name) ADD COLUMN \(new) \(type)"]),
                on: table.name, lock: Lock.exclusive(table.name),
                undo: [dual.drop, "ALTER TABLE \(table.name) DROP COLUMN IF EXISTS \(new)"]),
            try await DualWriteSteps.install(dual, catalog), DualWriteSteps.backfill(dual),
            Step(
                .validate, "let no new NULL into it",
                .transaction([
                    drop,
                    "ALTER TABLE \(table.name) ADD CONSTRAINT \(check) CHECK (\(new) IS NOT NULL) "
                        + "NOT VALID",
                ]), on: table.name, lock: Lock.exclusive(table.name), undo: [drop]),
            Step(
                .validate, "see that no row has NULL in it",
                .transaction(["ALTER TABLE \(table.name) VALIDATE CONSTRAINT \(check)"]),
                on: table.name, lock: Lock.shareUpdateExclusive(table.name)),
            ConcurrentIndex(
                table: table.name, index: table.sibling(name), name: name, columns: new,
                isUnique: true
            ).step,
            Step(
                .validate, "see that both say the same in every row",
                .check(
                    "SELECT NOT EXISTS (SELECT FROM \(table.name) WHERE \(new) IS DISTINCT FROM "
                        + "\(old.name))",
                    otherwise: "some rows have another value: roll back, and see who writes them"),
                on: table.name),
            Step(
                .contract, "make it the primary key \(old.name)",
                .transaction(
                    referring.map { "ALTER TABLE \($0.table) DROP CONSTRAINT \($0.name)" }
                        + swap(table, old, new: new, key: key, index: name, dual: dual, check: drop)
                        + referring.map {
                            "ALTER TABLE \($0.table) ADD CONSTRAINT \($0.name) \($0.definition) "
                                + "NOT VALID"
                        }),
                on: table.name, lock: Lock.exclusive(all(table, referring)), isFinal: true),
        ] + checks(referring)
    }

    /// The table's primary key.
    ///
    /// - Throws: `MigrationError` where it cannot become a wider one without losing something.
    private func key(
        of table: Catalog.Table, _ old: Catalog.Column, _ catalog: Catalog
    ) async throws -> Catalog.PrimaryKey {
        guard let key = try await catalog.primaryKey(of: table), key.columns == [old.name] else {
            throw MigrationError(
                .refused, "\(old.name) is not the primary key of \(table.name) by itself")
        }
        let counts = ["smallint", "integer", "bigint", "int", "int2", "int4", "int8"]
        guard key.sequence == nil || counts.contains(type.lowercased()) else {
            throw MigrationError(
                .refused, "\(old.name) is counted by a sequence, which cannot count in \(type)")
        }
        guard !key.isDeferrable, !old.hasPrivileges else {
            throw MigrationError(
                .refused,
                "the key of \(table.name) is deferrable, or roles have privileges on \(old.name) "
                    + "alone: neither would be kept")
        }
        // Its own constraint goes and comes, and so do keys that refer to it; whatever else names
        // it is somebody's.
        let others = try await catalog.dependents(of: old, in: table, besideKey: true)
        guard others.isEmpty else {
            throw MigrationError(
                .refused,
                "\(old.name) of \(table.name) is used by \(others.joined(separator: ", ")): change "
                    + "what refers to it first")
        }
        return key
    }

    /// The table and those that refer to it: PostgreSQL locks them all.
    private func all(_ table: Catalog.Table, _ referring: [Catalog.ReferringKey]) -> String {
        let others = Set(referring.map(\.table)).subtracting([table.name]).sorted()
        return ([table.name] + others).joined(separator: ", ")
    }

    /// Keys that were made again hold for new rows at once; the others are looked at without a lock
    /// that anybody waits for.
    private func checks(_ referring: [Catalog.ReferringKey]) -> [Step] {
        referring.filter(\.isValidated).map { key in
            Step(
                .contract, "see that every row of \(key.table) keeps \(key.name)",
                .transaction(["ALTER TABLE \(key.table) VALIDATE CONSTRAINT \(key.name)"]),
                on: key.table, lock: Lock.shareUpdateExclusive(key.table), isFinal: true)
        }
    }

    /// All at once: a table without a primary key is nobody's business.
    private func swap(
        _ table: Catalog.Table, _ old: Catalog.Column, new: String, key: Catalog.PrimaryKey,
        index: String, dual: DualWrite, check: String
    ) -> [String] {
        let alter = "ALTER TABLE \(table.name)"
        var statements = [
            dual.drop, "\(alter) ALTER COLUMN \(new) SET NOT NULL", check,
            "\(alter) DROP CONSTRAINT \(key.constraint)",
        ]
        if let sequence = key.sequence, key.isIdentity {
            // The identity's sequence goes with it: where it was is where the new one begins.
            statements += [
                "SELECT set_config('sluice.passed', (last_value + CASE WHEN is_called THEN "
                    + "(SELECT seqincrement FROM pg_sequence WHERE seqrelid = "
                    + "\(Literal.quoted(sequence))::regclass) ELSE 0 END)::text, true) "
                    + "FROM \(sequence)",
                "\(alter) ALTER COLUMN \(old.name) DROP IDENTITY",
            ]
        } else if let sequence = key.sequence {
            statements += [
                "ALTER SEQUENCE \(sequence) AS \(type) OWNED BY \(table.name).\(new)",
                "\(alter) ALTER COLUMN \(new) SET DEFAULT \(old.defaultText ?? "NULL")",
            ]
        } else if let defaultText = old.defaultText {
            statements.append("\(alter) ALTER COLUMN \(new) SET DEFAULT \(defaultText)")
        }
        statements += [
            "\(alter) DROP COLUMN \(old.name)",
            "\(alter) RENAME COLUMN \(new) TO \(old.name)",
            "\(alter) ADD CONSTRAINT \(key.constraint) PRIMARY KEY USING INDEX \(index)",
        ]
        statements += old.comment(on: old.name, of: table)
        statements.append(nameNotNull(table, old))
        if key.sequence != nil, key.isIdentity {
            let kind = key.isAlways ? "ALWAYS" : "BY DEFAULT"
            statements += [
                "\(alter) ALTER COLUMN \(old.name) ADD GENERATED \(kind) AS IDENTITY "
                    + "(\(key.sequenceOptions))",
                "SELECT setval(pg_get_serial_sequence(\(Literal.quoted(table.name)), "
                    + "\(Literal.quoted(old.plain))), "
                    + "current_setting('sluice.passed')::bigint, false)",
            ]
        }
        return statements
    }

    /// From version 18 on NOT NULL is a constraint with a name, which the new column's made of its
    /// own until then; before that there is none, and nothing is done.
    private func nameNotNull(_ table: Catalog.Table, _ column: Catalog.Column) -> String {
        let name = Literal.quoted("\(table.plain)_\(column.plain)_not_null")
        return "DO "
            + DollarQuote.around(
                """
                 DECLARE made name; BEGIN
                SELECT k.conname INTO made FROM pg_constraint k JOIN pg_attribute a
                ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]
                WHERE k.conrelid = \(Literal.quoted(table.name))::regclass AND k.contype = 'n'
                AND a.attname = \(Literal.quoted(column.plain)) AND k.conname LIKE '%sluice\\_%';
                IF made IS NOT NULL THEN
                EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I',
                \(Literal.quoted(table.name)), made, \(name));
                END IF; END
                """)
    }
}
