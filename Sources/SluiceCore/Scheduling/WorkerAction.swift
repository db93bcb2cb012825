/// What a worker does next.
public enum WorkerAction: Sendable, Equatable {
    /// Make a session.
    case connect
    /// Claim any free range.
    case claim
    /// Take over half of what another worker has ahead, if that is at least a few batches of so
    /// many keys.
    case split(batchKeys: Int)
    /// Put one batch into the pipe, of so many keys and bytes at the most; `nil` bytes where only
    /// the limit bounds them. `firstOfRange` when the range is open below and nothing of it was
    /// sent before.
    case send(HeldRange, keys: Int, bytes: Int? = nil, firstOfRange: Bool)
    /// Put one batch of about so many rows of the next pages into the pipe; one that skips them
    /// leaves their rows to the sweep.
    case sendPages(HeldRange, keys: Int, skips: Bool)
    /// Begin a region, or take up the one that is under way, and see what is in it.
    case survey(HeldRange, LaneRequest)
    /// Put one batch of a lane into the pipe.
    case sendLane(HeldRange, LaneBatch)
    /// Move a lane of pages past one batch, whose rows are left to the sweep.
    case skipLane(HeldRange, LaneBatch)
    /// Ask, after so long, what may be pruned by now.
    case lookAtHorizon(afterSeconds: Double)
    /// Try one key of a lane alone and wait for what comes of it.
    case probeLane(HeldRange, LaneBatch)
    /// Set a key of a lane aside that failed alone.
    case quarantineLane(HeldRange, PoisonKey, LaneBatch)
    /// Try the range's next key alone and wait for what comes of it.
    case probe(HeldRange, firstOfRange: Bool)
    /// Set a key aside that failed alone, and move the cursor past it.
    case quarantine(HeldRange, PoisonKey, firstOfRange: Bool)
    /// Read the result of the oldest batch in flight.
    case receive
    /// Lock the range's row and read it again: what is in memory is not believed.
    case reattach(HeldRange)
    /// Move the rest of the range to a fresh ledger row.
    case renew(HeldRange)
    /// Give the range back to whoever claims it next.
    case release(HeldRange)
    /// Do nothing for so long.
    case wait(seconds: Double)
    /// End the task.
    case exit
}

/// How a process's part in a run ends.
public enum RunOutcome: Sendable, Equatable {
    /// Every range is done.
    case completed
    /// A signal asked to stop; the run can be resumed.
    case drained
    /// Somebody paused the run.
    case paused
    /// Somebody cancelled the run.
    case cancelled
    /// Statements were cancelled again and again by somebody else; the run is paused.
    case pausedByAdministrator(Failure)
    /// Stopped by an error, progress kept.
    case failed(Failure)
    /// The server could not be reached for too long; the run can be resumed.
    case unreachable(Failure)
}
