import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

@Suite struct CopyColumnsTests {
    private static func source(_ names: [String]) -> TableFacts {
        TableFacts(
            oid: 1, name: QualifiedName(schema: "public", name: "t"), updateTriggers: nil,
            hasChildren: false, isPartitioned: false,
            columns: names.enumerated().map {
                ColumnFacts(
                    name: $1, isGenerated: false, isIdentityAlways: false,
                    key: KeyColumn(name: $1, castType: "pg_catalog.int8"), number: $0 + 1)
            })
    }

    private static func columns(
        _ source: [String], _ target: [TargetColumn], keys: [[String]] = []
    ) -> CopyColumns {
        CopyColumns(
            source: Self.source(source),
            target: TargetFacts(
                oid: 2, name: QualifiedName(schema: "old", name: "t"), columns: target,
                uniqueKeys: keys))
    }

    @Test func columnsAreTakenByNameInTheTargetsOrderUnlessGiven() throws {
        let columns = Self.columns(
            ["id", "Na\"me", "n", "only here"],
            [
                TargetColumn(name: "n", number: 1), TargetColumn(name: "Na\"me", number: 2),
                TargetColumn(name: "id", number: 3),
                TargetColumn(name: "g", number: 4, isGenerated: true),
                TargetColumn(name: "why", number: 5), TargetColumn(name: "left", number: 6),
            ])
        let resolved = try columns.resolve([
            Assignment(column: "Why", expression: "'old'"),
            Assignment(column: "n", expression: "n + 1"),
        ])
        #expect(
            resolved == [
                Assignment(column: "n", expression: "n + 1"),
                Assignment(column: "Na\"me", expression: "\"Na\"\"me\""),
                Assignment(column: "id", expression: "\"id\""),
                Assignment(column: "why", expression: "'old'"),
            ])
    }

    private func refusal(_ columns: CopyColumns, _ requested: [Assignment] = []) -> String {
        do throws(SluiceError) {
            _ = try columns.target(columns.resolve(requested), onConflict: .update)
            return ""
        } catch {
            return error.message
        }
    }

    @Test func whatCannotBeCopiedIsRefusedByName() {
        let id = TargetColumn(name: "id", number: 1)
        let required = TargetColumn(name: "why", number: 2, isRequired: true)
        let generated = TargetColumn(name: "g", number: 2, isGenerated: true)
        #expect(refusal(Self.columns(["a"], [id])).contains("nothing to copy"))
        #expect(refusal(Self.columns(["id"], [id, required])).contains("needs a value for why"))
        #expect(
            refusal(Self.columns(["id"], [id]), [Assignment(column: "z", expression: "1")])
                .contains("no column z"))
        #expect(
            refusal(
                Self.columns(["id"], [id, generated]), [Assignment(column: "g", expression: "1")]
            )
            .contains("generated"))
        let twice = [
            Assignment(column: "id", expression: "1"), Assignment(column: "ID", expression: "2"),
        ]
        #expect(refusal(Self.columns(["id"], [id]), twice).contains("twice"))
    }

    @Test func anUpdateOnConflictNeedsAKeyThatIsCopied() throws {
        let id = TargetColumn(name: "id", number: 1)
        let other = TargetColumn(name: "b", number: 2)
        let always = TargetColumn(name: "s", number: 3, isIdentityAlways: true)
        #expect(
            refusal(Self.columns(["id"], [id, other], keys: [["b"]])).contains(
                "--on-conflict update"))
        #expect(
            refusal(Self.columns(["id", "s"], [id, always], keys: [["id"]])).contains("IDENTITY"))
        let columns = Self.columns(["id", "b"], [id, other], keys: [["b", "z"], ["id", "b"]])
        let target = try columns.target(columns.resolve([]), onConflict: .update)
        #expect(target.conflictKey == ["id", "b"])
        #expect(target.columnMark == "1:id,2:b")
    }
}

@Suite struct JobShapeTests {
    private static func job(
        _ kind: JobKind, set: Bool = false, predicate: String? = nil, target: String? = nil,
        policy: ConflictPolicy? = nil, statement: String? = nil
    ) -> JobRequest {
        JobRequest(
            kind: kind, table: "t",
            assignments: set ? [Assignment(column: "a", expression: "1")] : [],
            predicate: predicate, target: target, onConflict: policy, statement: statement)
    }

    static let refused: [(JobRequest, String)] = [
        (job(.update), "nothing to set"), (job(.update, set: true, target: "u"), "--into u"),
        (job(.delete, target: "u"), "--into u"), (job(.copy), "give --into"),
        (job(.move), "give --into"), (job(.delete, policy: .error), "--on-conflict"),
        (job(.copy, target: "u", statement: "x"), "--statement"),
        (job(.statement), "give --statement"), (job(.delete, set: true), "--set"),
        (job(.statement, set: true, statement: "x"), "--set"),
        (job(.statement, predicate: "a", statement: "x"), "--where"),
        (job(.move, target: "u", policy: .nothing), "delete rows that it did not copy"),
    ]

    @Test(arguments: refused)
    func whatDoesNotGoTogetherIsRefused(_ job: JobRequest, _ words: String) {
        #expect(job.problem?.contains(words) == true, "\(job.problem ?? "")")
    }

    @Test func whatGoesTogetherPasses() {
        for job in [
            Self.job(.update, set: true, predicate: "p"), Self.job(.delete),
            Self.job(.copy, set: true, predicate: "p", target: "u", policy: .nothing),
            Self.job(.move, target: "u", policy: .update), Self.job(.statement, statement: "x"),
        ] {
            #expect(job.problem == nil)
        }
    }

    @Test func onlyWhatEmptiesATableMustBeConfirmed() {
        #expect(Self.job(.delete).needsConfirmation?.contains("--yes") == true)
        #expect(Self.job(.move, target: "u").needsConfirmation != nil)
        #expect(Self.job(.delete, predicate: "true").needsConfirmation == nil)
        #expect(Self.job(.copy, target: "u").needsConfirmation == nil)
        #expect(Self.job(.update, set: true).needsConfirmation == nil)
    }
}
