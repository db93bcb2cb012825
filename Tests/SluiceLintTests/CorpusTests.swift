import Foundation
import Testing

@testable import SluiceLint

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
}
