import Testing

@testable import SluiceMigration

@Suite struct MigrationReaderTests {
    private static let head = "migration: m\noperations:\n"

    @Test func aFileIsReadWithItsOperationsInOrder() throws {
        let migration = try MigrationReader.read(
            """
            migration: price_in_cents
            operations:
              - change_type: { table: products, column: price, to: price_cents, type: bigint,
                               not_null: true, up: (price * 100)::bigint,
                               down: price_cents / 100.0 }
              - create_index: { table: products, name: by_cents, columns: [price_cents, id] }
            """, file: "m.yaml")
        #expect(migration.name == "price_in_cents")
        #expect(
            migration.operations.map { type(of: $0).keyword } == ["change_type", "create_index"])
    }

    @Test(arguments: [
        ("", "m.yaml:1: a migration file has migration: and operations:"),
        ("migration: m\n", "m.yaml:1: a migration file has migration: and operations:"),
        ("migration: a b\noperations: []\n", "m.yaml:1: migration: takes a name"),
        ("migration: Prices\noperations: []\n", "m.yaml:1: migration: takes a name"),
        ("migration: m\noperations: []\n", "m.yaml:2: operations: is a list"),
        ("migration: m\nother: 1\n", "m.yaml:2: unknown key other"),
        (
            head + "  - drop_everything: { table: t }\n",
            "m.yaml:3: unknown operation drop_everything"
        ),
        (head + "  - drop_table: { tabel: t }\n", "m.yaml:3: drop_table has no field tabel"),
        (head + "  - drop_table: { table: '' }\n", "m.yaml:3: table of drop_table has no value"),
        (head + "  - drop_column: { table: t }\n", "m.yaml:3: drop_column needs column"),
        (
            head + "  - change_type: { table: t, column: a, to: b, type: int, up: a }\n",
            "m.yaml:3: change_type needs down"
        ),
        (
            head + "  - add_column: { table: t, column: a, type: int, not_null: true }\n",
            "m.yaml:3: add_column with not_null needs up or default"
        ),
        (
            head + "  - rename_column: { table: t, column: a, to: b, instant: perhaps }\n",
            "m.yaml:3: instant must be true or false, not perhaps"
        ),
        (
            head
                + "  - add_foreign_key: { table: t, columns: a, references: u, on_delete: burn }\n",
            "m.yaml:3: on_delete is one of"
        ),
        (head + "  - drop_table\n", "m.yaml:3: an operation is one key"),
        (head + "  - sql: { table: t }\n", "m.yaml:3: sql needs up, up_file or batches"),
        (head + "  - sql: { up: SELECT 1 }\n", "m.yaml:3: sql needs down or down_file"),
        (
            head + "  - sql: { down: b, table: t, batches: c }\n",
            "m.yaml:3: down takes back up, and there is none"
        ),
        (
            head + "  - sql: { up: a, down: b, table: t }\n",
            "m.yaml:3: batches and table go together"
        ),
        (
            head + "  - sql: { up: a, up_file: b.sql, down: c }\n",
            "m.yaml:3: up and up_file are one thing"
        ),
        (
            head + "  - sql: { up_file: nowhere.sql, down: c }\n",
            "m.yaml:3: cannot read nowhere.sql, named by up_file"
        ),
    ])
    func whatIsWrongIsSaidWithItsLine(_ text: String, _ sentence: String) {
        let error = #expect(throws: MigrationError.self) {
            try MigrationReader.read(text, file: "m.yaml")
        }
        #expect(error?.description.hasPrefix(sentence) == true, "\(error?.description ?? "")")
        #expect(error?.kind == .refused)
    }

    @Test func namesAreSpelledAlike() {
        #expect(SpelledName.plain("Price") == "price")
        #expect(SpelledName.plain("\"Pri\"\"ce\"") == "Pri\"ce")
        for wrong in ["", "a b", "\"a", "\"", "\"a\"b\"", "1a", "a;b"] {
            #expect(SpelledName.plain(wrong) == nil, "\(wrong)")
        }
        for (plain, spelled) in [
            ("price", "price"), ("Price", "\"Price\""), ("a\"b", "\"a\"\"b\""),
            ("order", "\"order\""), ("1a", "\"1a\""), ("ä", "\"ä\""),
        ] {
            #expect(SpelledName.spelled(plain) == spelled)
            #expect(SpelledName.plain(spelled) == plain)
        }
    }

    @Test func aQuoteUnderAnAccentIsAQuote() {
        let name = "a\"\u{301}b"
        #expect(Array(SpelledName.spelled(name).utf8) == Array("\"a\"\"\u{301}b\"".utf8))
        #expect(
            SpelledName.plain(SpelledName.spelled(name)).map { Array($0.utf8) } == Array(name.utf8))
        let words = NamedWords.of("'it'\u{301} || price")
        #expect(words.contains("price"))
    }

    @Test func wordsOfAnExpressionAreThoseOutsideOfTexts() {
        #expect(
            NamedWords.of(
                "(price * 100)::bigint || 'it''s cents' || \"Or Der\".Id || \"Pri\"\"ce\"")
                == ["price", "100", "bigint", "Or Der", "id", "Pri\"ce"])
    }

    @Test func aFilesChecksumChangesWithIt() {
        #expect(MigrationLedger.checksum("") == "cbf29ce484222325")
        #expect(MigrationLedger.checksum("a") != MigrationLedger.checksum("b"))
    }
}
