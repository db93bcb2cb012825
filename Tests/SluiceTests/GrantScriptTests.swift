import SluicePostgres
import Testing

@testable import Sluice

@Suite struct GrantScriptTests {
    private static func script(
        role: String = "My \"app\"", ledger: GrantScript.Ledger = .absent,
        archives: Bool = false, tables: [QualifiedName] = []
    ) -> GrantScript {
        GrantScript(
            database: Identifier("Shop"), role: Identifier(role), roleExists: true,
            ledger: ledger, archives: archives, tables: tables)
    }

    /// What would be run, without the comments.
    private static func statements(_ script: GrantScript) throws -> [String] {
        try script.lines.filter { !$0.hasPrefix("--") }
    }

    @Test func everyNameIsQuoted() throws {
        let table = QualifiedName(schema: "Old stock", name: "t\"; DROP u; --")
        let role = "\"My \"\"app\"\"\""
        #expect(
            try Self.statements(Self.script(tables: [table])) == [
                "GRANT CONNECT ON DATABASE \"Shop\" TO \(role);",
                "CREATE SCHEMA sluice AUTHORIZATION \(role);",
                "GRANT USAGE ON SCHEMA \"Old stock\" TO \(role);",
                "GRANT SELECT, UPDATE ON TABLE \"Old stock\".\"t\"\"; DROP u; --\" TO \(role);",
                "GRANT pg_read_all_stats TO \(role);",
            ])
    }

    @Test func aLedgerThatIsThereIsNotCreatedAgain() throws {
        let schemaOnly = try Self.statements(Self.script(role: "app", ledger: .schemaOnly))
        #expect(schemaOnly.contains("GRANT CREATE, USAGE ON SCHEMA sluice TO \"app\";"))
        let present = try Self.statements(Self.script(role: "app", ledger: .present))
        #expect(present.contains("GRANT USAGE ON SCHEMA sluice TO \"app\";"))
        #expect(!(schemaOnly + present).contains { $0.contains("CREATE SCHEMA") })
    }

    @Test func whereTheLogIsArchivedTheRoleMaySeeWhatWaits() throws {
        let grants = ["GRANT pg_monitor TO \"app\";", "GRANT pg_read_all_stats TO \"app\";"]
        let without = try Self.statements(Self.script(role: "app"))
        #expect(without.filter { grants.contains($0) } == [grants[1]])
        let lines = try Self.script(role: "app").lines
        #expect(lines.contains("-- " + grants[0]), "for who limits pg_wal")
        let with = try Self.statements(Self.script(role: "app", archives: true))
        #expect(with.filter { grants.contains($0) } == [grants[0]])
    }

    @Test(arguments: ["a\nDROP TABLE u; --", "a\r", "a\u{1B}[2K", "a\u{2028}b", "a\u{202E}b"])
    func aNameThatWouldLeaveItsCommentIsRefused(name: String) throws {
        let table = QualifiedName(schema: "public", name: name)
        let error = #expect(throws: SluiceError.self) { try Self.script(tables: [table]).lines }
        #expect(error?.kind == .refused)
        #expect(error?.message.utf8.allSatisfy { (32..<127).contains($0) } == true)
    }
}
