/// Why Sluice is not the fastest where there is nothing to keep to.
public enum Shortfall {
    /// Nothing has to be explained from this share of the first's rate on.
    static let shareMin = 0.97
    /// A smaller share of waiting (no unit) is none.
    private static let waitShareMin = 0.005

    /// A sentence with what its time went into.
    ///
    /// `nil` where none of the others' strategies is clearly faster than Sluice, and where there is
    /// a limit that those do not keep to. One round is compared as what it is.
    public static func sentence(
        _ section: BenchReport.Section, _ verdict: Verdict
    ) -> String? {
        guard section.limit == nil,
            let ours = place(StrategyList.ours, verdict),
            let entry = entry(StrategyList.ours, section),
            let first = verdict.places.first(where: { isOthers($0.strategy, section) }),
            first.rate.median > 0, ours.rate.median < shareMin * first.rate.median,
            RoundNoise(section.entries).isTie(ours.rate, first.rate) != true,
            let seconds = entry.spread(\.seconds)?.median,
            let batches = entry.spread(\.batchesSeconds)?.median, batches > 0
        else { return nil }
        let waits = entry.spread(\.waitShare)?.median ?? 0
        let share = ours.rate.median / first.rate.median
        var text =
            "\(StrategyList.ours) comes to \(Decimals.text(share, digits: 2)) of "
            + "\(first.strategy)\(ours.rate.count == 1 ? " in this one round" : ""): of "
            + "\(Decimals.text(seconds, digits: 2)) s "
            + "\(Decimals.text(max(0, seconds - batches), digits: 2)) s passed before its first "
            + "batch and after its last"
        if waits >= waitShareMin {
            text +=
                ", and between them its workers were held back "
                + "\(Decimals.text(waits * 100, digits: 0)) % of the time"
        }
        let working = batches * (1 - waits)
        guard working > 0 else { return text }
        return text + "; its batches alone come to "
            + Decimals.text(share * seconds / working, digits: 2)
    }

    private static func place(_ strategy: String, _ verdict: Verdict) -> Verdict.Place? {
        verdict.places.first { $0.strategy == strategy }
    }

    private static func entry(
        _ strategy: String, _ section: BenchReport.Section
    ) -> BenchReport.Entry? {
        section.entries.first { $0.strategy == strategy }
    }

    /// Whether it is none of Sluice's own, of which only those tell of their batches' time.
    private static func isOthers(_ strategy: String, _ section: BenchReport.Section) -> Bool {
        entry(strategy, section)?.rounds.allSatisfy { $0.batchesSeconds == nil } ?? false
    }
}
