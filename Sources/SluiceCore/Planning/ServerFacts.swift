/// The settings of a server that decide how much log a run writes and what of it is kept.
///
/// The defaults are those of PostgreSQL.
public struct ServerFacts: Sendable, Equatable {
    /// Bytes of a page.
    public var pageBytes = 8_192.0
    /// Whether the first change of a page after a checkpoint writes the page whole.
    public var fullPageWrites = true
    /// Whether page images are compressed.
    public var compressesImages = false
    /// Whether the log serves logical decoding, for which rows are written whole.
    public var isLogical = false
    /// Most bytes between the beginning of one checkpoint and the end of the next.
    public var maxWalBytes = Double(1 << 30)
    /// The share of that which is reached when a checkpoint is to end.
    public var completionTarget = 0.9
    /// Seconds between checkpoints where the log grows slowly.
    public var checkpointSeconds = 300.0
    /// Bytes of log kept for standbys without a slot.
    public var keptBytes = 0.0
    /// Whether replication slots keep log.
    public var hasSlots = false
    /// Bytes that a slot may keep; `nil` is without bound.
    public var slotBytes: Double?
    /// What the server takes for its cache, the system's included, in bytes.
    public var cacheBytes = Double(4 << 30)

    /// A server as it comes.
    public init() {}
}
