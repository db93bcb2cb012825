/// Why Sluice is not the fastest where there is nothing to keep to.
public enum Shortfall {
    /// Nothing has to be explained from this share of the first's rate on.
    static let shareMin = 0.97

    /// A sentence with what its time went into; `nil` where Sluice is the first, or near it, where
    /// the rounds do not tell, and where there is a limit that others do not keep to.
    public static func sentence(
        _ section: BenchReport.Section, _ verdict: Verdict
    ) -> String? {
        guard section.limit == nil, let first = verdict.places.first,
            let ours = verdict.places.first(where: { $0.strategy == StrategyList.ours }),
            ours.isTieWithFirst != true, first.rate.median > 0,
            ours.rate.median < shareMin * first.rate.median,
            let entry = section.entries.first(where: { $0.strategy == StrategyList.ours }),
            let seconds = entry.spread(\.seconds)?.median,
            let batches = entry.spread(\.batchesSeconds)?.median, batches > 0
        else { return nil }
        let waits = entry.spread(\.waitShare)?.median ?? 0
        let working = batches * (1 - waits)
        let share = ours.rate.median / first.rate.median
        let without = working > 0 ? share * seconds / working : share
        return "\(StrategyList.ours) comes to \(Decimals.text(share, digits: 2)) of "
            + "\(first.strategy): of \(Decimals.text(seconds, digits: 2)) s "
            + "\(Decimals.text(max(0, seconds - batches), digits: 2)) s passed before its first "
            + "batch and after its last, and between them its workers waited "
            + "\(Decimals.text(waits * 100, digits: 0)) % of the time for the replica; without "
            + "either it would come to \(Decimals.text(without, digits: 2))"
    }
}
