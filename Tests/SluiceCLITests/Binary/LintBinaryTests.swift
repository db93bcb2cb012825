import Foundation
import Testing

extension BinaryTests {
    /// `sluice lint` as a person runs it.
    @Suite struct LintBinaryTests {
        @Test func aMigrationFileIsReadAndItsOwnStatementsAreLookedAt() async throws {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "lint-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "m.yaml").path
            try Data(
                """
                migration: m
                operations:
                  - set_not_null: { table: orders, column: note }
                  - sql: { up: "ALTER TABLE orders DROP COLUMN a", down: SELECT 1 }
                  - rename_column: { table: orders, column: b, to: c, instant: true }
                """.utf8
            ).write(to: URL(filePath: file))
            let found = try await SluiceBinary.run(["lint", file])
            #expect(found.code == 1 && found.errors == "", "\(found)")
            #expect(found.output.contains("\(file):4 ban-drop-column"))
            #expect(
                found.output.contains(
                    "or, in a file for sluice migrate: drop_column: { table: orders, column: a }"))
            #expect(found.output.contains("\(file):5 renaming-column"))
            #expect(found.output.contains("there are 2 findings in 1 file"))
            try Data("migration: m\noperations:\n  - drop_tabel: { table: t }\n".utf8)
                .write(to: URL(filePath: file))
            let wrong = try await SluiceBinary.run(["lint", file])
            #expect(wrong.code == 64)
            #expect(wrong.errors.contains("\(file):3: unknown operation drop_tabel"))
        }
    }
}
