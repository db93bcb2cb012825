/// What the scheduler knows of one worker.
struct WorkerState: Sendable {
    /// Whether it has a session that is believed to live.
    var connected = false
    /// The range it holds, or believes to hold until the ledger says otherwise.
    var range: HeldRange?
    /// Whether a committed batch reached the end of that range.
    var rangeFinished = false
    /// Whether the range has a cursor once everything in flight is committed.
    var cursorSet = false
    /// Whether the range has a cursor by what is known to be committed.
    var cursorCommitted = false
    /// Keys asked for by each batch in flight, the oldest first.
    var sentKeys: [Int] = []
    /// The law's name for each batch in flight, the oldest first.
    var tickets: [BatchGate.Ticket] = []
    /// The region that it fills in lanes, once it knows what is in it.
    var region: LaneRegion?
    /// Since when it waits for a young horizon before it begins a region, in seconds, until it has
    /// begun one; and whether it has waited for long enough.
    var regionAwaitedSinceSeconds: Double?
    var hasAwaitedRegion = false
    /// Whether too little is ahead for a region.
    var isRegionRefused = false
    /// Whether it is about to look what a region holds, how often that took too long in sequence,
    /// and the range whose rest goes by plain batches for it.
    var isSurveying = false
    var surveysFailed = 0
    var rangeWithoutRegions: Int?
    /// Rows of that region that were changed, and how many of them within their page.
    var regionRows = 0
    var regionHotRows = 0
    /// Keys of a batch of pages that cannot be changed, which are left to the sweep.
    var skippedKeys: Int?
    /// The search for a key that cannot be changed.
    var bisection: Bisection?
    /// Batches that the range's ledger row has taken, those in flight included.
    var batchesOfRow = 0
    /// Whether the ledger must be read before anything else is sent.
    var mustReattach = false
    /// Whether no range was free, so that half of another one is wanted.
    var mustSplit = false
    /// No split before this time, in seconds.
    var nextSplitSeconds = 0.0
    /// Whether the range is just being given back.
    var isReleasing = false
    /// Batches sent and not yet answered.
    var inFlight = 0
    /// Failures in a row.
    var attempts = 0
    /// Sessions lost with a batch in flight since the last success.
    var losses = 0
    /// Cancels by somebody else since the last success.
    var administratorCancels = 0
    /// Since when the server cannot be reached, in seconds.
    var unreachableSinceSeconds: Double?
    /// No step before this time, in seconds.
    var waitUntilSeconds = 0.0
    /// What it waits for, in words.
    var waitReason: String?
    /// The batch size after statement timeouts; `nil` when the limit holds.
    var batchKeysShrunk: Int?
    /// What it knows of rows whose bytes bound a batch.
    var wide = WideBatch()
    /// Successes since the batch was last shrunk or grown.
    var successes = 0

    mutating func hold(_ held: HeldRange) {
        range = held
        region = nil
        if rangeWithoutRegions != held.number { rangeWithoutRegions = nil }
        isRegionRefused = rangeWithoutRegions != nil
        skippedKeys = nil
        rangeFinished = false
        cursorSet = held.hasCursor
        cursorCommitted = held.hasCursor
        batchesOfRow = held.batches
        mustReattach = false
        mustSplit = false
        waitReason = nil
    }

    /// A quarter of the batch from now on; it grows back with success.
    mutating func shrink(from keys: Int) {
        batchKeysShrunk = max(1, keys / 4)
        successes = 0
    }

    /// Waits for others' ranges.
    mutating func idle(untilSeconds: Double) {
        waitReason = "the last ranges, which others hold"
        waitUntilSeconds = untilSeconds
    }

    /// The oldest batch in flight is answered.
    mutating func answered() {
        inFlight -= 1
        if !sentKeys.isEmpty { sentKeys.removeFirst() }
    }

    mutating func forgetRange() {
        range = nil
        region = nil
        rangeFinished = false
        cursorSet = false
        cursorCommitted = false
        bisection = nil
        skippedKeys = nil
        batchesOfRow = 0
        mustReattach = false
    }

    /// Clears what failures left behind; a shrunken batch grows back slowly.
    mutating func succeeded(fullBatch: Int) {
        attempts = 0
        administratorCancels = 0
        losses = 0
        unreachableSinceSeconds = nil
        waitReason = nil
        guard let shrunk = batchKeysShrunk else { return }
        successes += 1
        guard successes >= RunScheduler.successesToGrow else { return }
        successes = 0
        batchKeysShrunk = shrunk * 2 >= fullBatch ? nil : shrunk * 2
    }
}
