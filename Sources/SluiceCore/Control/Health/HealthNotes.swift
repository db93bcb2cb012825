/// What a person should know of the server while a run goes on, and nothing waits for: once each.
public struct HealthNotes: Sendable, Equatable {
    /// Forced checkpoints since the run began that are worth a sentence: one may be somebody's
    /// CHECKPOINT or a backup, three are the run's.
    public static let checkpoints = 3

    private var checkpointsBefore: Int?
    private var saidCheckpoints = false
    private var saidVacuum = false
    private var saidArchive = false
    private var saidSnapshots: Set<String> = []

    /// Nothing said.
    public init() {}

    /// What is new, in sentences with their cure.
    public mutating func news(_ seen: ServerHealth) -> [String] {
        [checkpoints(seen), snapshot(seen), vacuum(seen), archive(seen)].compactMap { $0 }
    }

    private mutating func archive(_ seen: ServerHealth) -> String? {
        guard let role = seen.archiveHiddenFrom, !saidArchive else { return nil }
        saidArchive = true
        return "the log is archived, and this role may not see what waits for that: an archive "
            + "that does not keep up holds no batch back until GRANT pg_monitor TO \(role)"
    }

    private mutating func checkpoints(_ seen: ServerHealth) -> String? {
        guard let count = seen.requestedCheckpoints else { return nil }
        // Statistics that were reset begin again.
        let before = min(checkpointsBefore ?? count, count)
        checkpointsBefore = before
        guard !saidCheckpoints, count - before >= Self.checkpoints else { return nil }
        saidCheckpoints = true
        return "the log forced \(count - before) checkpoints since this run began, and each makes "
            + "every page be logged in full again: a larger max_wal_size makes the run cheaper, "
            + "and --max-wal spreads its log over more time"
    }

    private mutating func snapshot(_ seen: ServerHealth) -> String? {
        guard let snapshot = seen.oldSnapshot, saidSnapshots.insert(snapshot.id).inserted else {
            return nil
        }
        return "\(snapshot.holder) holds a snapshot for \(Int(snapshot.ageSeconds / 60)) min: "
            + "until it ends, nothing that this run leaves behind can be removed, and the table "
            + "grows"
    }

    private mutating func vacuum(_ seen: ServerHealth) -> String? {
        guard let table = seen.vacuumedTable, !saidVacuum else { return nil }
        saidVacuum = true
        return "autovacuum works on \(table): batches may be slower meanwhile, and the table "
            + "smaller for it"
    }
}
