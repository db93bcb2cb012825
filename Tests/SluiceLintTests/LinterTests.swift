import Testing

@testable import SluiceLint

@Suite struct LinterTests {
    private static let timeouts = "SET lock_timeout = '1s'; SET statement_timeout = '5s';\n"

    private func rules(_ script: String, _ linter: Linter = Linter()) throws -> [String] {
        try linter.findings(in: Self.timeouts + script).map(\.rule)
    }

    @Test func aFindingNamesItsLineItsStatementAndTheCure() throws {
        let findings = try Linter(excluding: ["prefer-robust-stmts"]).findings(
            in: """
                SET lock_timeout = '1s'; SET statement_timeout = '5s';
                /* a comment /* within */ another */
                -- and one more; with a semicolon
                ALTER TABLE orders
                  ADD COLUMN IF NOT EXISTS ä text,
                  ALTER COLUMN note
                    TYPE varchar(10);
                """)
        #expect(findings.map(\.rule) == ["changing-column-type", "prefer-text-field"])
        #expect(findings[0].line == 6)
        #expect(
            findings[0].statement
                == "ALTER TABLE orders ADD COLUMN IF NOT EXISTS ä text, ALTER COLUMN note TYPE "
                + "varchar(10)")
        #expect(findings[0].problem.contains("ACCESS EXCLUSIVE"))
        #expect(findings[0].cure.contains("add a column of the new type"))
    }

    @Test func whatCannotBeReadIsSaidWithItsLine() {
        for (script, line) in [
            ("SELECT 1;\nALTER TABLE;\n", 2), ("SELECT 'ä';\n\nSELEKT", 3), ("SELECT '", 1),
        ] {
            let problem = #expect(throws: SQLProblem.self) { try Linter().findings(in: script) }
            #expect(problem?.line == line, "\(script)")
        }
        let problem = #expect(throws: SQLProblem.self) { try Linter().findings(in: "SELECT 1\0") }
        #expect(problem?.sentence == "it holds a NUL byte")
    }

    @Test func nothingIsFoundInNothing() throws {
        for script in ["", ";;", "-- only a comment", "/* another"] {
            let isOpen = script.hasPrefix("/*")
            if isOpen {
                #expect(throws: SQLProblem.self) { try Linter().findings(in: script) }
            } else {
                #expect(try Linter().findings(in: script).isEmpty, "\(script)")
            }
        }
    }

    @Test func aCommentSwitchesARuleOffForItsStatementOnly() throws {
        let script = """
            -- sluice:ignore ban-drop-column, prefer-robust-stmts
            ALTER TABLE orders DROP COLUMN a;
            ALTER TABLE orders DROP COLUMN b; -- sluice:ignore ban-drop-table
            -- sluice:ignore
            ALTER TABLE orders DROP COLUMN c;
            """
        let findings = try Linter().findings(in: Self.timeouts + script)
        #expect(findings.map(\.rule) == ["ban-drop-column", "prefer-robust-stmts"])
        #expect(findings.allSatisfy { $0.line == 4 })
    }

    @Test func optionsSwitchRulesOffAndOn() throws {
        let drop = "ALTER TABLE orders DROP COLUMN IF EXISTS a"
        #expect(try rules(drop) == ["ban-drop-column"])
        #expect(try rules(drop, Linter(excluding: ["ban-drop-column"])).isEmpty)
        let create = "CREATE TABLE IF NOT EXISTS a (id bigint)"
        #expect(try rules(create).isEmpty)
        #expect(
            try rules(create, Linter(including: ["require-table-schema"]))
                == ["require-table-schema"])
    }

    @Test func whoeverRunsItMayDoSoInATransaction() throws {
        let script = "ALTER TABLE orders ADD COLUMN a text;"
        #expect(try rules(script) == ["prefer-robust-stmts"])
        #expect(try rules(script, Linter(isInTransaction: true)).isEmpty)
        let concurrent = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (a)"
        #expect(try rules(concurrent).isEmpty)
        #expect(
            try rules(concurrent, Linter(isInTransaction: true))
                == ["ban-concurrent-index-creation-in-transaction"])
    }

    @Test func timeoutsCountOnceAndFromWhereTheyAreSet() throws {
        let findings = try Linter().findings(
            in: """
                ALTER TABLE a ALTER COLUMN b SET STATISTICS 7;
                ALTER TABLE a ALTER COLUMN b SET STATISTICS 8;
                SET LOCAL lock_timeout = '1s';
                """)
        #expect(
            findings.map(\.rule) == ["require-lock-timeout", "require-statement-timeout"])
        #expect(findings.allSatisfy { $0.line == 1 })
    }

    @Test(arguments: [
        ("UPDATE orders SET a = 1", true), ("UPDATE orders SET a = 1 WHERE id = 7", false),
        ("UPDATE orders SET a = 1 WHERE id = 7 AND b > 2", false),
        ("UPDATE orders SET a = 1 WHERE order_id IN (1, 2)", false),
        ("UPDATE orders SET a = 1 WHERE id > 7", true),
        ("UPDATE orders SET a = 1 WHERE id = b", true),
        ("UPDATE orders SET a = 1 WHERE id = 7 OR b > 2", true),
        ("UPDATE orders SET a = 1 WHERE id = (SELECT max(id) FROM orders)", true),
        ("DELETE FROM orders WHERE price = 0", true),
        ("DELETE FROM orders WHERE uuid = 'x'", false),
    ])
    func aChangeOfManyRowsIsToldFromOneOfAFew(_ statement: String, _ isUnsafe: Bool) throws {
        #expect(try rules(statement) == (isUnsafe ? ["unbatched-change"] : []))
    }

    @Test func theCureOfABackfillIsItsCommand() throws {
        let findings = try Linter().findings(
            in: "UPDATE shop.orders SET a = b, c = 1 WHERE c IS NULL")
        #expect(
            findings.first?.cure
                == "sluice run --table shop.orders --set 'a = …' --set 'c = …' --where '…'")
    }

    @Test func aTableThatTheScriptMadeIsNobodysYet() throws {
        let script = """
            CREATE TABLE IF NOT EXISTS shop.a (id bigint);
            ALTER TABLE shop.a ALTER COLUMN id SET NOT NULL;
            ALTER TABLE other.a ALTER COLUMN id SET NOT NULL;
            """
        let findings = try Linter(excluding: ["prefer-robust-stmts"])
            .findings(in: Self.timeouts + script)
        #expect(findings.map(\.line) == [4])
    }

    @Test func aProofOfNotNullIsOfItsColumn() throws {
        func script(_ column: String, validates: Bool) -> String {
            """
            BEGIN; ALTER TABLE a ADD CONSTRAINT c CHECK (b IS NOT NULL) NOT VALID; COMMIT;
            \(validates ? "ALTER TABLE a VALIDATE CONSTRAINT c;" : "")
            BEGIN; ALTER TABLE a ALTER COLUMN \(column) SET NOT NULL; COMMIT;
            """
        }
        #expect(try rules(script("b", validates: true)).isEmpty)
        #expect(try rules(script("b", validates: false)) == ["adding-not-nullable-field"])
        #expect(try rules(script("d", validates: true)) == ["adding-not-nullable-field"])
    }

    @Test func namesInTextAreNoNames() throws {
        let long = String(repeating: "a", count: 70)
        let name = "SELECT 1 AS \(long)"
        #expect(try rules(name) == ["identifier-too-long"])
        #expect(try rules("SELECT 1 AS \"\(long)\"") == ["identifier-too-long"])
        #expect(try rules("SELECT '\(long)'").isEmpty)
    }
}
