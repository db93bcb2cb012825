/// What was seen of things that a run can wear out, or that make its work worth less.
///
/// `nil` is what cannot be seen: no permission, or not on this server.
public struct ServerHealth: Sendable, Equatable {
    /// A replication slot, and the log that the server keeps for it.
    public struct Slot: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Bytes of log since what its replica or subscriber has confirmed.
        public let retainedBytes: Double

        /// A slot.
        public init(name: String, retainedBytes: Double) {
            self.name = name
            self.retainedBytes = retainedBytes
        }
    }

    /// A transaction whose snapshot keeps vacuum from removing what the run leaves behind.
    public struct Snapshot: Sendable, Equatable {
        /// Tells it from another one of the same session.
        public let id: String
        /// Whose it is, in words.
        public let holder: String
        /// Since when, in seconds.
        public let ageSeconds: Double

        /// A snapshot.
        public init(id: String, holder: String, ageSeconds: Double) {
            self.id = id
            self.holder = holder
            self.ageSeconds = ageSeconds
        }
    }

    /// Slots that keep log, physical and logical.
    public var slots: [Slot] = []
    /// `max_slot_wal_keep_size` in bytes: a slot that needs more is lost.
    public var slotBytesMax: Double?
    /// Segments of the log that wait to be archived.
    public var archiveWaiting: Int?
    /// The role, as a GRANT spells it, that may not see what waits for an archive that there is.
    public var archiveHiddenFrom: String?
    /// Bytes in `pg_wal`.
    public var pgWalBytes: Double?
    /// The worst lag among Aurora's readers, in seconds.
    public var readerLagSeconds: Double?
    /// Checkpoints that the amount of log forced, since the server's statistics began.
    public var requestedCheckpoints: Int?
    /// The oldest snapshot that is old enough to matter.
    public var oldSnapshot: Snapshot?
    /// A table of the run that autovacuum works on.
    public var vacuumedTable: String?

    /// Nothing seen.
    public init() {}
}
