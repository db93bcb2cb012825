/// What one poll shows of one replica.
public struct ReplicaSighting: Sendable, Equatable, Codable {
    /// What names it from poll to poll: its application name and address.
    public var id: String
    /// Bytes of the primary's log that it has on disk; `nil` where not reported.
    public var flushed: UInt64?
    /// Bytes of the primary's log that it has replayed; `nil` for one that replays nothing, such
    /// as a base backup.
    public var replayed: UInt64?
    /// False for one that is known (a slot, a name) but not there.
    public var isConnected: Bool
    /// The slot that the primary keeps for it also while it is away; `nil` without one.
    public var slot: String?

    /// A replica at one moment.
    public init(
        id: String, flushed: UInt64?, replayed: UInt64?, isConnected: Bool, slot: String? = nil
    ) {
        self.id = id
        self.flushed = flushed
        self.replayed = replayed
        self.isConnected = isConnected
        self.slot = slot
    }
}

/// What to do about a replica that was there and is not.
public enum MissingReplicaPolicy: Sendable, Equatable, Codable {
    /// Wait for it: nobody can say how far behind it will be.
    case pause
    /// Wait so many seconds, then go on without it until it is back and has caught up.
    case ignoreAfter(seconds: Double)
}
