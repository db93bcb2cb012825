import SluiceCore
import Testing

/// What of a job can be compared with its table.
struct ComparisonTests {
    typealias Facts = Comparison.Facts

    static let table: [(String, Facts, Comparison)] = [
        ("price_cents = price * 100", Facts(kind: .update), .values),
        (
            "… where price_cents IS NULL",
            Facts(kind: .update, hasPredicate: true, predicateReadsAssigned: true), .remaining
        ),
        ("… where active", Facts(kind: .update, hasPredicate: true), .remaining),
        (
            "n = n + 1", Facts(kind: .update, readsAssigned: true),
            .ledgerOnly(.readsAssigned)
        ),
        (
            "n = n + 1 where n < 10",
            Facts(
                kind: .update, hasPredicate: true, predicateReadsAssigned: true,
                readsAssigned: true), .untouched
        ),
        (
            "the same of a run that does not know its start",
            Facts(kind: .update, hasPredicate: true, readsAssigned: true, knowsStart: false),
            .ledgerOnly(.readsAssigned)
        ),
        ("at = now()", Facts(kind: .update, isImmutable: false), .ledgerOnly(.notImmutable)),
        (
            "at = now() where at IS NULL",
            Facts(
                kind: .update, hasPredicate: true, predicateReadsAssigned: true,
                isImmutable: false), .remaining
        ),
        (
            "at = now() where id < 100",
            Facts(kind: .update, hasPredicate: true, isImmutable: false), .untouched
        ),
        (
            "at = now() where id < 100, start unknown",
            Facts(kind: .update, hasPredicate: true, isImmutable: false, knowsStart: false),
            .ledgerOnly(.notImmutable)
        ),
        ("may not ask", Facts(kind: .update, isImmutable: nil), .ledgerOnly(.unknown)),
        ("delete", Facts(kind: .delete, hasPredicate: true), .remaining),
        ("move", Facts(kind: .move), .remaining),
        ("copy", Facts(kind: .copy, hasTargetKey: true), .arrival),
        ("copy without a key", Facts(kind: .copy), .ledgerOnly(.noTargetKey)),
        (
            "copy with a key made of now()",
            Facts(kind: .copy, isImmutable: false, hasTargetKey: true),
            .ledgerOnly(.notImmutable)
        ),
        ("statement", Facts(kind: .statement), .ledgerOnly(.statement)),
    ]

    @Test(arguments: table)
    func whatCanBeCompared(_ job: String, _ facts: Facts, _ expected: Comparison) {
        #expect(Comparison.of(facts) == expected, "\(job)")
    }

    @Test func everyReasonIsSaid() {
        for reason in Comparison.LedgerOnlyReason.allCases { #expect(!reason.words.isEmpty) }
    }
}
