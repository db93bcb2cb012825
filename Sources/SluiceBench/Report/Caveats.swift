/// What has to be known before the figures of a report are believed, a sentence each.
public enum Caveats {
    /// A load above this share of the processors before the benchmark took some of them from it.
    private static let loadShareMax = 0.5
    /// More names than this are a count.
    private static let namesMax = 3

    /// Of the whole report.
    public static func sentences(_ report: BenchReport) -> [String] {
        var sentences: [String] = []
        if let problem = report.problem { sentences.append(problem) }
        if report.rounds == 1 {
            sentences.append("one round: nothing is known of how much it varies (--rounds 3)")
        }
        if report.sections.contains(where: \.hasApplication) {
            sentences.append(
                "beside the application, WAL, page images, HOT and growth are its own too")
        }
        if report.sections.contains(where: \.hasUnfinishedLag) {
            sentences.append(
                "a replica had not caught up when it was no longer waited for after a strategy: "
                    + "lags may have been higher, and some are of the strategy before")
        }
        if report.cores > 0, report.loadBefore > Double(report.cores) * loadShareMax {
            sentences.append(
                "something else ran on this machine before (load "
                    + Decimals.text(report.loadBefore, digits: 1)
                    + "): the figures are worth little")
        }
        return sentences
    }

    /// Of a section whose rounds differ much; `nil` for any other.
    public static func noise(_ verdict: Verdict) -> String? {
        guard verdict.isNoisy else { return nil }
        let noisy = verdict.noisy
        let names = noisy.count > namesMax ? "" : " (\(noisy.joined(separator: ", ")))"
        let share = Int((Verdict.noiseShareMax * 100).rounded())
        return "the rounds of \(noisy.count) of \(verdict.repeatedCount) strategies\(names) differ "
            + "by more than \(share) %: this machine is too noisy for small differences"
    }
}
