import SluicePostgres

/// Triggers that keep an old column and a new one the same while both are in use.
///
/// Whoever changes one of them wins, and the other follows; the backfill only ever computes the new
/// one from the old, or it would round what it came from.
struct DualWrite: Sendable {
    let table: Catalog.Table
    /// The old column; `nil` where the new one is computed from others alone.
    let old: Catalog.Column?
    /// The new column, as SQL spells it: it need not be there yet.
    let new: String
    let newType: String
    /// What the new one is, of the old row.
    let up: String
    /// What the old one is, of the new row; `nil` where nothing is written back.
    let down: String?
    /// Unique in the database: names are made of it.
    let label: String
    /// Whether the new column has values of its own, and is filled only where it has none.
    var onlyFills = false
    /// Whether a client that knows the new column alone may leave it NULL: else it is filled.
    var mayBeNull = false

    /// Triggers fire by name, and ours has to see what the others made of the row.
    var trigger: String { "~sluice_\(label)" }
    /// Beside its table, so that it goes where the table goes and not with the ledger.
    var function: String { table.sibling("sluice_\(label)") }

    /// Statements that make them.
    var create: [String] {
        let quoted = "\"\(trigger)"
        let text = """

            #variable_conflict use_variable
            \(declarations)BEGIN
            \(body)
            RETURN NEW;
            END
            """
        return [
            // The expressions mean what they mean to whoever wrote them, and not to each writer.
            "CREATE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql "
                + "SET search_path FROM CURRENT AS " + DollarQuote.around(text),
            """
            CREATE TRIGGER \(quoted)_insert" BEFORE INSERT ON \(table.name) FOR EACH ROW
            EXECUTE FUNCTION \(function)()
            """,
            """
            CREATE TRIGGER \(quoted)_update" BEFORE UPDATE ON \(table.name) FOR EACH ROW
            WHEN (\(changes)) EXECUTE FUNCTION \(function)()
            """,
            // Where changes are applied from elsewhere (logical replication) as well.
            "ALTER TABLE \(table.name) ENABLE ALWAYS TRIGGER \(quoted)_insert\"",
            "ALTER TABLE \(table.name) ENABLE ALWAYS TRIGGER \(quoted)_update\"",
        ]
    }

    /// A statement that removes them, whether they are there or not.
    var drop: String { "DROP FUNCTION IF EXISTS \(function)() CASCADE" }

    // MARK: - What it looks at

    /// The table's columns that an expression names.
    private func named(_ expression: String) -> [Catalog.Column] {
        let words = NamedWords.of(expression)
        return table.columns.filter { words.contains($0.plain) }
    }

    /// Columns whose change makes the new one another.
    private var sources: [Catalog.Column] {
        named(up).filter { $0.plain != newPlain }
    }

    private var newPlain: String { SpelledName.plain(new) ?? new }

    /// A column of a row, in quotes whatever it is called: the function's language has words of its
    /// own.
    private func field(_ row: String, _ plain: String) -> String {
        "\(row).\(Identifier(plain).quoted)"
    }

    /// Whether a column is another in the new row than in the old, as SQL.
    private func differs(_ column: Catalog.Column) -> String {
        let cast = column.hasEquality ? "" : "::text"
        return "\(field("OLD", column.plain))\(cast) IS DISTINCT FROM "
            + "\(field("NEW", column.plain))\(cast)"
    }

    /// When a row that is changed is of interest: the call of a function is what triggers cost.
    private var changes: String {
        if onlyFills { return "\(field("NEW", newPlain)) IS NULL" }
        var parts = sources.map { differs($0) }
        if let old, !sources.contains(where: { $0.plain == old.plain }) {
            parts.append(differs(old))
        }
        let cast = newCast
        parts.append(
            "\(field("OLD", newPlain))\(cast) IS DISTINCT FROM \(field("NEW", newPlain))\(cast)")
        parts.append("\(field("NEW", newPlain)) IS NULL")
        return parts.joined(separator: " OR ")
    }

    /// What makes values of the new type comparable.
    private var newCast: String { newHasEquality ? "" : "::text" }

    /// Whether values of the new type can be compared.
    var newHasEquality = true

    /// The columns that the expressions name, as variables, so that these are evaluated without a
    /// query; a word that is no column's does no harm.
    private var declarations: String {
        var lines = named(up + " " + (down ?? "")).map {
            "\(Identifier($0.plain).quoted) \($0.type) := \(field("NEW", $0.plain));"
        }
        let words = NamedWords.of(up + " " + (down ?? ""))
        if table.columns.allSatisfy({ $0.plain != newPlain }), words.contains(newPlain) {
            lines.append("\(Identifier(newPlain).quoted) \(newType) := \(field("NEW", newPlain));")
        }
        return lines.isEmpty ? "" : "DECLARE " + lines.joined(separator: " ") + "\n"
    }

    // MARK: - What it does

    private var body: String {
        let isBackfill =
            "coalesce(current_setting('sluice.backfill', true), '') = "
            + Literal.quoted("\(table.oid) \(newPlain)")
        let new = field("NEW", newPlain)
        // A client of the old shape does not fail for what the new one cannot say: the check
        // before the switch finds such rows. Nothing is written within, so no transaction number
        // is used up.
        let set = "\(new) := (\(up))::\(newType);"
        let forward =
            cannotFail
            ? set : "BEGIN \(set) EXCEPTION WHEN data_exception THEN \(new) := NULL; END;"
        let wasSet = "\(new)\(newCast) IS DISTINCT FROM \(field("OLD", newPlain))\(newCast)"
        if onlyFills { return "IF \(new) IS NULL THEN \(forward) END IF;" }
        // In the order of what clients do most: the setting is asked for last.
        guard let old, let down else {
            let isEmpty = mayBeNull ? "TG_OP = 'INSERT' AND \(new) IS NULL" : "\(new) IS NULL"
            return """
                IF \(isEmpty) THEN \(forward)
                ELSIF TG_OP = 'UPDATE' THEN
                IF NOT (\(wasSet)) THEN \(forward)
                ELSIF \(isBackfill) THEN \(forward) END IF;
                END IF;
                """
        }
        // Where both arrive and agree, as from a server that has done the same, nothing is rounded;
        // an old value that the new shape cannot say agrees with nothing.
        let write = "\(field("NEW", old.plain)) := (\(down))::\(old.type);"
        let unlessSame =
            "IF \(new)\(newCast) IS DISTINCT FROM ((\(up))::\(newType))\(newCast) THEN "
            + "\(write) END IF;"
        let back =
            cannotFail
            ? unlessSame : "BEGIN \(unlessSame) EXCEPTION WHEN data_exception THEN \(write) END;"
        return """
            IF TG_OP = 'INSERT' THEN
            IF \(new) IS NULL THEN \(forward) ELSE \(back) END IF;
            ELSIF NOT (\(wasSet)) THEN \(forward)
            ELSIF \(isBackfill) THEN \(forward)
            ELSE \(back) END IF;
            """
    }

    /// Whether the new column takes a value as it is, so that nothing has to be caught.
    private var cannotFail: Bool {
        guard let source = table.column(up) else { return false }
        let integers = ["smallint", "integer", "bigint"]
        if let from = integers.firstIndex(of: source.type),
            let to = integers.firstIndex(of: newType.lowercased())
        {
            return from <= to
        }
        return source.type == newType
    }

    // MARK: - What it is tried on

    /// A query for `true` where the expressions can be evaluated in a sample, and a value that goes
    /// forth, back and forth again is the same: otherwise a client of the old shape would change
    /// what one of the new shape wrote.
    func trial(rows: Int) -> String {
        guard let old, let down else {
            return """
                SELECT count((\(up))::\(newType)) >= 0
                FROM (SELECT * FROM \(table.name) LIMIT \(rows)) AS sluice_sample
                """
        }
        let others = table.columns.filter { $0.plain != old.plain && $0.plain != newPlain }
            .map(\.name)
        func list(_ more: String) -> String { (others + [more]).joined(separator: ", ") }
        return """
            SELECT NOT EXISTS (SELECT FROM (SELECT s.*, (\(up))::\(newType) AS sluice_again FROM
            (SELECT \(list("(\(down))::\(old.type) AS \(old.name), \(self.new) AS sluice_new")) FROM
            (SELECT \(list("(\(up))::\(newType) AS \(self.new)")) FROM
            (SELECT \(list(old.name)) FROM \(table.name) LIMIT \(rows)) AS a) AS b) AS s) AS t
            WHERE t.sluice_again\(newCast) IS DISTINCT FROM t.sluice_new\(newCast))
            """
    }

    /// A query for `true` where both columns say the same in every row, one way or the other.
    var agreement: String {
        var same = "\(new)\(newCast) IS NOT DISTINCT FROM ((\(up))::\(newType))\(newCast)"
        if let old, let down {
            let cast = old.hasEquality ? "" : "::text"
            same += " OR \(old.name)\(cast) IS NOT DISTINCT FROM ((\(down))::\(old.type))\(cast)"
        }
        return "SELECT NOT EXISTS (SELECT FROM \(table.name) WHERE NOT (\(same)))"
    }

    /// Refuses what a trigger before the row cannot know.
    func requireKnown() throws {
        let computed = named(up + " " + (down ?? "")).filter(\.isComputed)
        guard let first = computed.first else { return }
        throw MigrationError(
            .refused,
            "\(first.name) of \(table.name) is computed, and has no value yet when a trigger "
                + "looks: write what it is computed from in its place")
    }
}

/// Words of an expression that may be names.
enum NamedWords {
    /// As the catalog has them: without quotes, and in lower case where they stand without.
    static func of(_ expression: String) -> Set<String> {
        var words: Set<String> = []
        var word = String.UnicodeScalarView()
        var quote: Unicode.Scalar?
        // By scalars: a quote under an accent ends what it encloses all the same.
        let scalars = Array(expression.unicodeScalars)
        var index = 0
        func close() {
            if !word.isEmpty { words.insert(String(word).lowercased()) }
            word = String.UnicodeScalarView()
        }
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            if let open = quote {
                guard scalar == open else {
                    word.append(scalar)
                    continue
                }
                if index < scalars.count, scalars[index] == open {
                    word.append(open)
                    index += 1
                    continue
                }
                if open == "\"" { words.insert(String(word)) }
                word = String.UnicodeScalarView()
                quote = nil
            } else if scalar == "'" || scalar == "\"" {
                close()
                quote = scalar
            } else if scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || scalar == "_" || scalar == "$"
            {
                word.append(scalar)
            } else {
                close()
            }
        }
        close()
        return words
    }
}
