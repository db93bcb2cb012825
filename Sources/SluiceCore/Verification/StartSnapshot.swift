/// Which transactions were over when a run's ranges were fixed, as the server's `pg_snapshot`.
public struct StartSnapshot: Sendable, Equatable {
    /// The first transaction that had not begun.
    public let next: UInt64
    /// Those before it that were still running.
    public let running: [UInt64]

    /// Reads `xmin:xmax:xid,xid…`; `nil` for anything else.
    public init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, UInt64(parts[0]) != nil, let next = UInt64(parts[1]) else {
            return nil
        }
        let running = parts[2].split(separator: ",").map { UInt64($0) }
        guard !running.contains(nil) else { return nil }
        self.next = next
        self.running = running.compactMap(\.self)
    }

    /// Those that were running as rows show them: without the epoch, at 32 bits.
    public var runningShown: [String] { running.map { "\($0 & 0xFFFF_FFFF)" } }
}
