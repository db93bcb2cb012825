/// All strategies that can be compared.
public enum StrategyList {
    /// In the order of the report: what people write, others' rules, Sluice.
    public static let all: [any BatchStrategy] =
        [SingleUpdate(), LimitLoop(), OffsetPages(), LockedBatches(), KeyRanges()]
        + [
            AdaptiveWalk.graphNode, AdaptiveWalk.ptOSC, SpiritChunks(), ModuloShards(),
            PageRanges(),
        ]
        + FixedRanges.grid + SluiceStrategy.parts + [SluiceStrategy.whole]

    /// What every other is compared with.
    public static let reference = "single"
    /// Sluice with its defaults.
    public static let ours = "sluice"
    /// Names of the fixed settings, of which the best counts.
    public static let fixed = FixedRanges.grid.map(\.name)
}
