/// Closes while a run would wear out what others depend on: slots, the archive, the log's disk,
/// Aurora's readers; with hysteresis, so that it does not chatter.
///
/// Ceilings, not aims: nothing is steered towards them.
public struct HealthGate: Sendable, Equatable {
    /// A slot may need this share of what the server keeps for it.
    ///
    /// The other half is for what the application writes until somebody sees to it.
    public static let slotShare = 0.5
    /// The share below which it is open again: a tenth of the whole is worth going on for.
    public static let slotReopenShare = 0.4
    /// Segments that may wait for the archive: two thirds of a gigabyte, as in GitLab's health
    /// indicator for migrations (`write_ahead_log`).
    public static let archiveWaitingMax = 42
    /// Segments at which it is open again: half.
    public static let archiveReopen = 21
    /// Share of `--max-pg-wal` at which it is open again.
    ///
    /// The log shrinks by whole checkpoints, so a tenth is soon gone.
    public static let pgWalReopenShare = 0.9
    /// Share of `--max-lag` that Aurora's readers may lag.
    ///
    /// They are looked at every few seconds only, and one that falls a minute behind is restarted.
    public static let readerLagShare = 0.5
    /// The share at which it is open again, as for other replicas half of where it closes.
    public static let readerLagReopenShare = 0.25

    private enum Ceiling: Sendable {
        case slots, archive, pgWal, readers
    }

    private var closed: Set<Ceiling> = []

    /// An open gate.
    public init() {}

    /// Why no batch may start, in words with a cure, or `nil`.
    ///
    /// What cannot be seen holds nothing back, unless the user named a limit for it.
    public mutating func decide(_ seen: ServerHealth, _ limits: Limits) -> String? {
        let reasons = [
            slots(seen, limits), archive(seen, limits), pgWal(seen, limits), readers(seen, limits),
        ]
        return reasons.lazy.compactMap { $0 }.first
    }

    private mutating func slots(_ seen: ServerHealth, _ limits: Limits) -> String? {
        let worst = seen.slots.max { $0.retainedBytes < $1.retainedBytes }
        let most = limits.maxLagSeconds == nil ? nil : seen.slotBytesMax
        guard
            isAbove(
                .slots, worst?.retainedBytes, most.map { $0 * Self.slotShare },
                reopen: most.map { $0 * Self.slotReopenShare }), let worst, let most
        else { return nil }
        return "replication slot \(worst.name), for which the server keeps "
            + "\(Self.gigabytes(worst.retainedBytes)) of log of \(Self.gigabytes(most)) "
            + "(max_slot_wal_keep_size) before the slot is lost: let what reads from it catch up, "
            + "drop it if nothing does, or use --max-lag off"
    }

    private mutating func archive(_ seen: ServerHealth, _ limits: Limits) -> String? {
        let most = limits.maxLagSeconds == nil ? nil : Double(Self.archiveWaitingMax)
        guard
            isAbove(
                .archive, seen.archiveWaiting.map(Double.init), most,
                reopen: Double(Self.archiveReopen)), let waiting = seen.archiveWaiting
        else { return nil }
        return "the archive: \(waiting) segments of the log wait for it (limit "
            + "\(Self.archiveWaitingMax)): see to archive_command or archive_library, and "
            + "pg_stat_archiver for what fails, or use --max-lag off"
    }

    private mutating func pgWal(_ seen: ServerHealth, _ limits: Limits) -> String? {
        if let most = limits.maxPgWalBytes, seen.pgWalBytes == nil {
            return "--max-pg-wal \(Self.gigabytes(Double(most))), which cannot be kept since this "
                + "role may not see the size of pg_wal: GRANT pg_monitor to it, or use "
                + "--max-pg-wal off"
        }
        let most = limits.maxPgWalBytes.map(Double.init)
        guard
            isAbove(.pgWal, seen.pgWalBytes, most, reopen: most.map { $0 * Self.pgWalReopenShare }),
            let bytes = seen.pgWalBytes, let most
        else { return nil }
        return "pg_wal, which holds \(Self.gigabytes(bytes)) (limit \(Self.gigabytes(most)), "
            + "--max-pg-wal): it shrinks at a checkpoint, once slots and archive let it"
    }

    private mutating func readers(_ seen: ServerHealth, _ limits: Limits) -> String? {
        let most = limits.maxLagSeconds
        guard
            isAbove(
                .readers, seen.readerLagSeconds, most.map { $0 * Self.readerLagShare },
                reopen: most.map { $0 * Self.readerLagReopenShare }),
            let lag = seen.readerLagSeconds, let most
        else { return nil }
        return "replica lag \(LagGate.tenths(lag)) s of a reader of this cluster "
            + "(limit \(LagGate.tenths(most)) s)"
    }

    private mutating func isAbove(
        _ ceiling: Ceiling, _ value: Double?, _ most: Double?, reopen: Double?
    ) -> Bool {
        guard let value, let most, let reopen,
            value > (closed.contains(ceiling) ? reopen : most)
        else {
            closed.remove(ceiling)
            return false
        }
        closed.insert(ceiling)
        return true
    }

    private static func gigabytes(_ bytes: Double) -> String {
        bytes < 1e9
            ? LagGate.tenths(bytes / Double(1 << 20)) + " MB"
            : LagGate.tenths(bytes / Double(1 << 30)) + " GB"
    }
}
