import SluiceCore
import SluicePostgres
import Synchronization

/// How a worker ends the sweep behind a table's pages.
extension WorkerHands {
    /// Longest look at a whole table, in milliseconds.
    ///
    /// For so long it holds the horizon, about as a batch may that has grown too large. A core
    /// looks at some ten million rows in a second.
    private static let lookMilliseconds = 10_000

    /// How long a worker rests that gave a range back since another one looks at a table, in
    /// seconds: a look at a small one takes a tenth.
    private static let restSeconds = 0.2

    /// What comes of a claim: of a table that goes by its pages keys are walked along only if a
    /// look finds a row that is left.
    mutating func lookedBehind(_ range: HeldRange) async -> WorkerEvent {
        guard !range.isPhysical, !range.hasRegion, let part = context.job.part(range.part),
            part.isPhysical, !context.sweeps.mustWalk(part.number)
        else { return .claimed(range) }
        do throws(PostgresError) {
            guard context.sweeps.begin() else {
                // The look ends what nobody holds, this range as well.
                _ = try await held(RangeSQL.release, range, lease: false)
                await context.rests.rest(seconds: Self.restSeconds)
                return .released
            }
            defer { context.sweeps.end() }
            return try await endsSweep(range, part) ? .released : .claimed(range)
        } catch {
            // The range is held, whatever became of the session: it is attached to again.
            await close()
            return .claimed(range)
        }
    }

    /// Looks once whether any row of the range's table is left, and if none is, ends the sweep.
    ///
    /// Along the keys each row would be fetched from a page by itself, in any order: of 2 M rows in
    /// memory that took half as long as their change, and of a table larger than that each is a
    /// read from the disk. A table in which a row is left, or that takes longer to look at, is
    /// walked along.
    private mutating func endsSweep(
        _ range: HeldRange, _ part: PlannedPart
    ) async throws(PostgresError) -> Bool {
        let settings = [
            Statement("SET LOCAL statement_timeout = \(Self.lookMilliseconds)"),
            // The whole table is what is asked for.
            Statement("SET LOCAL enable_seqscan = on"),
            Statement(
                "SELECT pg_catalog.set_config('synchronous_commit', $1, true)",
                [.text(context.job.session.durableCommit)]),
        ]
        let answer = try await alone(
            settings + [Statement(context.job.physical(part).endSweep, fence(range))],
            limits: Limits())
        if let error = answer.error {
            try await open().recover(timeout: PostgresConnection.ledgerTimeout)
            guard error.kind == .server else { throw error }
            // Too large for one look, in somebody's way, or a row on which the predicate fails,
            // which the walk finds.
            _ = failure(error, elapsedMilliseconds: 0)
            context.sweeps.walk(part.number)
            return false
        }
        guard answer.results[answer.results.count - 2].scalar == "t" else {
            context.sweeps.walk(part.number)
            return false
        }
        return true
    }
}

/// Which tables have to be walked along, since a look at all of their rows found some, or took too
/// long; and whether a worker of this process looks at one, as one does at a time.
final class SweepRecord: Sendable {
    private struct State {
        var walked: Set<Int> = []
        var isLooking = false
    }

    private let state = Mutex(State())

    /// Whether a worker looks at a table.
    var isLooking: Bool { state.withLock { $0.isLooking } }

    /// Begins a look, unless there is one.
    func begin() -> Bool {
        state.withLock { state in
            defer { state.isLooking = true }
            return !state.isLooking
        }
    }

    /// Ends it.
    func end() { state.withLock { $0.isLooking = false } }

    /// Notes a part that is to be walked along.
    func walk(_ part: Int) { state.withLock { _ = $0.walked.insert(part) } }

    /// Whether a part is to be walked along.
    func mustWalk(_ part: Int) -> Bool { state.withLock { $0.walked.contains(part) } }
}
