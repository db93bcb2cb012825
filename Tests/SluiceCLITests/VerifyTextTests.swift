import SluiceCore
import Testing

@testable import Sluice
@testable import SluiceCLI

/// How much is verified, as it is typed, and what was found, as it is said.
struct VerifyTextTests {
    static let scopes: [(String, VerifyScope)] = [
        ("auto", .auto), ("off", .off), ("OFF", .off), ("full", .full),
        ("sample 1%", .sample(0.01)),
        ("sample=25%", .sample(0.25)), ("sample:0.5%", .sample(0.005)), ("sample 100%", .sample(1)),
    ]

    @Test(arguments: scopes)
    func scopesAreRead(_ text: String, _ scope: VerifyScope) throws {
        #expect(try VerifyScopeText.scope(text, for: "--verify") == scope)
    }

    @Test(arguments: [
        "", "sample", "sample 1", "sample 0%", "sample 101%", "sample -1%", "ful", "1%",
        "sample nan%",
        "sample 1% 2%",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(throws: UsageError.self) { try VerifyScopeText.scope(text, for: "--verify") }
    }

    @Test func aSlipIsRecognized() {
        let error = #expect(throws: UsageError.self) {
            try VerifyScopeText.scope("ful", for: "--verify")
        }
        #expect(error?.description.contains("did you mean full?") == true)
    }

    @Test func theTwoWordsOfASampleNeedNoQuotes() {
        let arguments = ["run", "a.yaml", "--verify", "sample", "1%", "--yes"]
        #expect(
            VerifyScopeText.joined(arguments) == [
                "run", "a.yaml", "--verify", "sample 1%", "--yes",
            ])
        for other in [["run", "--where", "sample", "1%"], ["--verify", "sample"], ["1%"]] {
            #expect(VerifyScopeText.joined(other) == other)
        }
    }

    private func report(
        missed: Int = 0, since: Int = 0, failed: Int = 0, repaired: Int = 0
    ) -> VerifyReport {
        var report = VerifyReport(run: 3, job: "prices", compared: "values")
        report.rowsCompared = 1_234
        (report.rowsMissed, report.rowsWrittenSince) = (missed, since)
        (report.rowsFailed, report.rowsRepaired) = (failed, repaired)
        return report
    }

    @Test func whatWasFoundIsSaid() {
        #expect(
            VerifyText.sentence(report())
                == "verified: 1,234 rows compared, all are as the job says")
        #expect(VerifyText.sentence(report(repaired: 1)).hasPrefix("1 row repaired; verified"))
        let wrong = VerifyText.sentence(report(missed: 1, since: 2, failed: 3))
        #expect(wrong.hasPrefix("6 of 1,234 rows are not as the job says: 1 missed by the run, 2"))
        var sample = report()
        sample.isFull = false
        #expect(VerifyText.sentence(sample).contains("1,234 rows in a sample compared"))
        #expect(VerifyText.text(report(missed: 4)).hasSuffix("\n  and 4 more"))
        var proven = report()
        proven.reason = "it is so"
        proven.keysScanned = 9
        #expect(
            VerifyText.sentence(proven).contains("since it is so: its ranges join up, and each"))
        proven.ledgerProblem = "a gap"
        #expect(VerifyText.sentence(proven).contains("does not prove the run: a gap"))
    }

    @Test func exitCodesFollow() {
        #expect(report().exitCode == 0)
        for wrong in [report(missed: 1), report(since: 1), report(failed: 1)] {
            #expect(wrong.exitCode == 4)
        }
        var broken = report()
        broken.ledgerProblem = "a gap"
        #expect(broken.exitCode == 4)
        var interrupted = report(repaired: 5)
        interrupted.isComplete = false
        #expect(interrupted.exitCode == 3)
        interrupted.rowsMissed = 1
        #expect(interrupted.exitCode == 4)
    }

    @Test func progressIsOneLine() {
        let progress = VerifyProgress(
            blocksRead: 50, blocksTotal: 200, rowsWrong: 2, waitingFor: "replica lag")
        #expect(VerifyText.line(progress) == "verifying · 25.0 % · 2 wrong · waiting: replica lag")
        let none = VerifyProgress(blocksRead: 0, blocksTotal: 0, rowsWrong: 0, waitingFor: nil)
        #expect(VerifyText.line(none) == "verifying · 100.0 %")
    }
}
