/// When half of a range that somebody works on is worth taking over.
public enum SplitRule {
    /// Whole batches that must be ahead of the cursor: the one that is being executed cannot be cut
    /// off any more, and of what is left each side should have one.
    public static let fewestBatches = 3
    /// Batches whose keys are walked at most to find the middle: of 5,000 keys, 320,000 entries of
    /// the index, which take about 30 ms and are seconds of work. Where more is ahead, the cut is
    /// made there.
    public static let walkedBatches = 64
    /// Seconds before a worker that found nothing to split looks again; it asks for freed ranges
    /// more often.
    public static let retrySeconds = 1.0
}
