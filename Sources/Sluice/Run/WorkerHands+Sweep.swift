import SluiceCore
import SluicePostgres
import Synchronization

/// How a worker ends the sweep behind a table's pages.
extension WorkerHands {
    /// What comes of a claim: of a table that goes by its pages keys are walked along only if a
    /// look finds many rows that are left.
    mutating func lookedBehind(_ range: HeldRange, limits: Limits) async -> WorkerEvent {
        guard !range.isPhysical, !range.hasRegion, let part = context.job.part(range.part),
            part.isPhysical, !context.sweeps.mustWalk(part.number)
        else { return .claimed(range) }
        do throws(PostgresError) {
            let pid = try open().backendPID
            guard context.sweeps.begin(pid: pid) else {
                // The look ends what nobody holds, this range as well; and while everything is
                // held back, looks are too.
                return try await givenBack(range, part)
            }
            let outcome: Outcome
            do throws(PostgresError) {
                outcome = try await look(range, part, limits: limits)
            } catch {
                context.sweeps.end()
                throw error
            }
            context.sweeps.end()
            switch outcome {
            case .ended: return .released
            case .again:
                // It may have been cancelled again while it ended.
                _ = context.yields.take(pid)
                return try await givenBack(range, part)
            case .walk:
                context.sweeps.walk(part.number)
                return .claimed(range)
            }
        } catch {
            // The range is held, whatever became of the session: it is attached to again.
            // What loses sessions again and again is not looked at again and again.
            if context.sweeps.failed(part.number) >= SweepLook.looksMost {
                context.sweeps.walk(part.number)
            }
            await close()
            return .claimed(range)
        }
    }

    private func givenBack(
        _ range: HeldRange, _ part: PlannedPart
    ) async throws(PostgresError) -> WorkerEvent {
        do throws(PostgresError) {
            _ = try await held(RangeSQL.release, range, lease: false)
        } catch {
            // What was meant for the look that has just ended may meet this.
            guard error.sqlState == .queryCanceled else { throw error }
            _ = context.yields.take(try open().backendPID)
            _ = try await held(RangeSQL.release, range, lease: false)
        }
        let seconds = SweepLook.restSeconds(pages: part.pages)
        // What is held back may be for hours.
        await context.rests.rest(
            seconds: context.sweeps.isHeld ? max(seconds, Self.heldRestSeconds) : seconds)
        return .released
    }

    /// How long a worker rests while looks are held back, in seconds: whoever ends the run waits
    /// for that long.
    private static let heldRestSeconds = 1.0

    private enum Outcome { case ended, again, walk }

    /// Looks once for rows of the range's table that are left, changes them if they are few, and
    /// ends the sweep.
    ///
    /// Along the keys each row would be fetched from a page by itself, in any order: of 2 M rows in
    /// memory that took half as long as their change, and of a table larger than that each is a
    /// read from the disk. A table in which many rows are left, or that takes longer to look at, is
    /// walked along.
    private mutating func look(
        _ range: HeldRange, _ part: PlannedPart, limits: Limits
    ) async throws(PostgresError) -> Outcome {
        // Behind a pooler nobody can cancel it.
        let seconds =
            context.job.session.isPooled
            ? SweepLook.secondsMin : SweepLook.seconds(pages: part.pages)
        // Nobody else takes the range over because it is looked at for longer than a batch takes.
        _ = try await open().transact(
            SweepSQL.keep, fence(range) + [.text("\(seconds + context.leaseSeconds)")],
            durable: false)
        let settings = [
            Statement(
                SweepSQL.settings, [.text("\(Int(seconds * 1_000))")]),
            // The whole table is what is asked for.
            Statement("SET LOCAL enable_seqscan = on"),
            Statement(
                "SELECT pg_catalog.set_config('synchronous_commit', $1, true)",
                [.text(context.job.session.durableCommit)]),
        ]
        let rowsMost = SweepLook.rowsMost(batchKeys: limits.batchKeys)
        let end = context.job.sweep(part).end(rowsMost: rowsMost)
        let answer = try await alone(settings + [Statement(end, fence(range))], limits: limits)
        if let error = answer.error {
            try await open().recover(timeout: PostgresConnection.ledgerTimeout)
            guard error.kind == .server else { throw error }
            // Too large for one look, or a row on which the predicate or the change fails, which
            // the walk finds; or somebody's lock was in the way.
            let failure = failure(error, elapsedMilliseconds: 0)
            let looks = context.sweeps.failed(part.number)
            return SweepLook.isTriedAgain(after: failure, looks: looks) ? .again : .walk
        }
        return answer.results[answer.results.count - 2].scalar == "t" ? .ended : .walk
    }
}

/// Which tables have to be walked along, since a look at all of their rows found some, or took too
/// long; and whether a worker of this process looks at one, as one does at a time.
final class SweepRecord: Sendable {
    private struct State {
        var walked: Set<Int> = []
        var failures: [Int: Int] = [:]
        var pid: Int32?
        var isHeld = false
    }

    private let state = Mutex(State())

    /// Whether a worker looks at a table.
    var isLooking: Bool { pid != nil }

    /// The server process that looks.
    var pid: Int32? { state.withLock { $0.pid } }

    /// Whether looks are held back.
    var isHeld: Bool { state.withLock { $0.isHeld } }

    /// Holds looks back, or no longer; whoever looks already is to be cancelled.
    func hold(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }

    /// Begins a look by a server process, unless there is one or they are held back.
    func begin(pid: Int32) -> Bool {
        state.withLock { state in
            guard state.pid == nil, !state.isHeld else { return false }
            state.pid = pid
            return true
        }
    }

    /// Notes that a look at a part came to nothing, and tells how many did: one that was cancelled
    /// since everything is held back does not count.
    func failed(_ part: Int) -> Int {
        state.withLock { state in
            guard !state.isHeld else { return 0 }
            state.failures[part, default: 0] += 1
            return state.failures[part, default: 0]
        }
    }

    /// Ends it.
    func end() { state.withLock { $0.pid = nil } }

    /// Notes a part that is to be walked along.
    func walk(_ part: Int) { state.withLock { _ = $0.walked.insert(part) } }

    /// Whether a part is to be walked along.
    func mustWalk(_ part: Int) -> Bool { state.withLock { $0.walked.contains(part) } }
}
