import Foundation
import Testing

@testable import SluiceLint
@testable import SluiceMigration

/// Sixty statements that are unsafe on a table in use, and the safe forms.
@Suite struct CorpusTests {
    /// The lines of a file of the corpus that are no comment, each a script of its own.
    static func lines(_ name: String, comment: String) throws -> [String] {
        let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .filter { !$0.hasPrefix(comment) }
    }

    private static func unsafe() throws -> [String] {
        try lines("unsafe.sql", comment: "--").filter { !$0.isEmpty }
    }

    @Test func everythingThatSquawkFindsIsFound() throws {
        let scripts = try Self.unsafe()
        let others = try Self.lines("squawk.txt", comment: "#").dropLast()
        try #require(scripts.count == 60 && others.count == 60)
        for (script, line) in zip(scripts, others) {
            let found = Set(try Linter().findings(in: script).map(\.rule))
            for rule in line.split(separator: " ").map(String.init) {
                #expect(found.contains(rule), "\(rule): \(script)")
            }
        }
    }

    @Test func everyOneIsUnsafe() throws {
        for script in try Self.unsafe() {
            // More than a matter of timeouts or of running it again.
            let findings = try Linter(excluding: [
                "require-lock-timeout", "require-statement-timeout", "prefer-robust-stmts",
            ]).findings(in: script)
            let isAboutThese =
                script.contains("TRIGGER") || script.hasPrefix("REFRESH")
                || script.hasPrefix("CREATE TABLE shop.items (id bigint)")
            #expect(!findings.isEmpty || isAboutThese, "\(script)")
        }
    }

    @Test func theSafeFormsRaiseNoAlarm() throws {
        let scripts = try Self.lines("safe.sql", comment: "--").filter { !$0.isEmpty }
        #expect(scripts.count == 25)
        for script in scripts {
            let findings = try Linter().findings(in: script)
            #expect(findings.isEmpty, "\(findings.map(\.rule)): \(script)")
        }
    }

    @Test func everyRuleIsMetByTheCorpus() throws {
        var met: Set<String> = []
        for script in try Self.unsafe() {
            met.formUnion(
                try Linter(including: ["require-table-schema"]).findings(in: script).map(\.rule))
        }
        // The corpus names schemas.
        met.insert("require-table-schema")
        for rule in Linter.list { #expect(met.contains(rule.name), "\(rule.name)") }
        #expect(Set(Linter.list.map(\.name)).count == Linter.list.count)
    }

    @Test func whatIsGeneratedIsAMigrationFile() throws {
        var operations: [String] = []
        for script in try Self.unsafe() {
            operations += try Linter().findings(in: script).compactMap(\.migration)
        }
        let migration = try MigrationReader.read(
            "migration: m\noperations:\n" + operations.map { "  - \($0)\n" }.joined(),
            file: "m.yaml")
        let keywords = Set(migration.operations.map { type(of: $0).keyword })
        #expect(
            keywords.isSuperset(of: [
                "add_column", "drop_column", "rename_column", "change_type", "create_index",
                "drop_index", "set_not_null", "add_check", "add_foreign_key", "add_unique",
                "rename_table", "drop_table",
            ]), "\(keywords.sorted())")
    }

    @Test(arguments: [
        (
            "ALTER TABLE \"My Shop\".t ADD CONSTRAINT \"p (0)\" CHECK (a > 0 AND b <> ')')",
            "add_check: { table: '\"My Shop\".t', name: '\"p (0)\"', "
                + "check: 'a > 0 AND b <> '')''' }"
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a, b) REFERENCES u (c, d) "
                + "ON DELETE CASCADE",
            "add_foreign_key: { table: t, name: f, columns: [a, b], references: 'u (c, d)', "
                + "on_delete: cascade }"
        ),
        (
            "CREATE UNIQUE INDEX ON s.t USING hash (a)",
            "create_index: { table: s.t, name: t_a_idx, columns: [a], unique: true, method: hash }"
        ),
        (
            "ALTER TABLE t ALTER a TYPE numeric(12, 2)",
            "change_type: { table: t, column: a, to: a_new, type: 'numeric(12, 2)', "
                + "up: '\"a\"::numeric(12, 2)', down: … }"
        ),
        (
            "ALTER TABLE t ALTER \"user\" TYPE bigint USING (a * 100)::bigint",
            "change_type: { table: t, column: user, to: user_new, type: bigint, up: …, down: … }"
        ),
        (
            "ALTER TABLE t ADD COLUMN a int NOT NULL",
            "add_column: { table: t, column: a, type: integer, up: …, not_null: true }"
        ),
    ])
    func anOperationSaysWhatTheStatementSays(_ script: String, _ operation: String) throws {
        let found = try Linter().findings(in: script).compactMap(\.migration)
        #expect(found.contains(operation), "\(found)")
    }

    @Test func whatHasNoOperationHasNone() throws {
        for script in [
            "ALTER TABLE t ADD COLUMN id serial", "CREATE INDEX ON t (lower(a))",
            "CREATE INDEX ON t (a) WHERE b", "DROP TABLE a, b", "VACUUM FULL t",
            "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b) STORED",
            "ALTER TABLE t ADD COLUMN a int NOT NULL CHECK (a > 0)",
            "CREATE INDEX ON t (a text_pattern_ops)", "CREATE INDEX ON t (a DESC)",
            "CREATE INDEX ON t (a NULLS FIRST)", "CREATE INDEX ON t (a COLLATE \"C\")",
            "CREATE UNIQUE INDEX ON t (a) NULLS NOT DISTINCT",
            "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u ON UPDATE CASCADE",
            "ALTER TABLE t ADD CONSTRAINT f UNIQUE (a) DEFERRABLE",
            "ALTER TABLE t ADD CONSTRAINT f CHECK (a ~ E'\\'')",
            "ALTER TABLE t ADD CONSTRAINT f CHECK (a = $$)$$)",
            "ALTER TABLE t ADD CONSTRAINT f CHECK (a > 0 -- )\n)",
        ] {
            let found = try Linter().findings(in: script).compactMap(\.migration)
            #expect(found.isEmpty, "\(script)")
        }
    }
}
