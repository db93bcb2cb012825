/// A range that a worker holds under its fence.
public struct HeldRange: Sendable, Equatable {
    /// The range's number within the run.
    public let number: Int
    /// The epoch that the claim gave; with the owner it is the fence.
    public let epoch: Int
    /// Whether the range has a cursor; without one it is open below and has committed nothing.
    public var hasCursor: Bool
    /// Batches that its ledger row has taken so far.
    public let batches: Int
    /// The table of the run that it is a range of: 1 unless the run has several.
    public let part: Int
    /// Whether a region of it is being filled in lanes.
    public var hasRegion: Bool
    /// Whether it is a range of the table's pages, not of keys.
    public let isPhysical: Bool

    /// Describes a claimed range.
    public init(
        number: Int, epoch: Int, hasCursor: Bool, batches: Int, part: Int = 1,
        hasRegion: Bool = false, isPhysical: Bool = false
    ) {
        self.hasRegion = hasRegion
        self.isPhysical = isPhysical
        self.number = number
        self.epoch = epoch
        self.hasCursor = hasCursor
        self.batches = batches
        self.part = part
    }
}

/// What one committed batch did.
public struct BatchCounts: Sendable, Equatable {
    /// Keys that the batch walked over.
    public let keysScanned: Int
    /// Rows that it changed.
    public let rowsChanged: Int
    /// Whether the batch reached the range's end.
    public let finishedRange: Bool
    /// Bytes of the rows that it walked over; `nil` unless they are what bounds its batches.
    public let bytes: Int?
    /// How long it took, where that was measured.
    public var timing: BatchTiming?
    /// What is known of it beside, where it was a lane's.
    public var lane: LaneMark?

    /// Describes a committed batch.
    public init(keysScanned: Int, rowsChanged: Int, finishedRange: Bool, bytes: Int? = nil) {
        self.bytes = bytes
        self.keysScanned = keysScanned
        self.rowsChanged = rowsChanged
        self.finishedRange = finishedRange
    }
}

/// What happened to a worker.
public enum WorkerEvent: Sendable, Equatable {
    /// Its task has begun.
    case started
    /// It has a session.
    case connected
    /// It holds a range now.
    case claimed(HeldRange)
    /// No range can be claimed; this many of the run's are not done.
    case nothingClaimable(unfinished: Int)
    /// Half of somebody's range is this worker's now; `nil` when none was worth it.
    case split(HeldRange?)
    /// A batch is on its way.
    case sent
    /// The oldest batch in flight committed.
    case committed(BatchCounts)
    /// The oldest batch in flight found that the fence is lost and changed nothing.
    case fenceMissed
    /// A batch failed; the pipe is empty and the session is idle unless the failure says that it
    /// is gone.
    case failed(Failure)
    /// The key that was tried alone failed.
    case poisoned(PoisonKey)
    /// What came of setting it aside.
    case quarantined(QuarantineOutcome)
    /// The range row was locked and read again: still held, or `nil`.
    case reattached(HeldRange?)
    /// The rest of the range lives in a fresh ledger row, held by this worker; `nil` if the fence
    /// was lost.
    case renewed(HeldRange?)
    /// What a region holds, or `nil` if the fence was lost; nothing in it where none is ahead.
    case surveyed(LaneSurvey?)
    /// The oldest transaction that somebody may still need the past of.
    case horizon(UInt64)
    /// The range was given back.
    case released
    /// The wait that was asked for is over.
    case waited
}
