import SluiceCore
import SluicePostgres

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Looks at the replicas through the primary.
struct ReplicaObserver: Sendable {
    private var clock = LagClock()
    /// Replicas that must be somewhere, since they were seen: one that vanished is behind, not
    /// absent.
    private var expectedCount = 0
    /// The slots by which some of them are known; one whose slot was dropped is not missed.
    private var expectedSlots: Set<String> = []
    private var isLimited = false
    /// The timeline of the last look; a higher one means that a replica became the primary.
    private(set) var timeline: Int?
    /// Where the log ended at the last look, in bytes.
    private(set) var walPosition: UInt64 = 0
    /// Every replica at the last look; `nil` where they cannot be seen.
    private(set) var sightings: [ReplicaSighting]?
    /// Slots for replicas at the last look.
    private(set) var slots: [String]?

    /// Follows the user's limit: whoever turns it off lets go of replicas that are missing then.
    mutating func follow(maxLagSeconds: Double?) {
        if isLimited, maxLagSeconds == nil {
            expectedCount = 0
            expectedSlots = []
        }
        isLimited = maxLagSeconds != nil
    }

    /// The worst lag that a look shows, in seconds, with replicas that were `asked` themselves;
    /// `nil` where there is none.
    func lagSeconds(
        _ observation: LagObservation, asked: [ReplicaSighting], nowSeconds: Double
    ) -> Double? {
        let theirs = asked.compactMap(\.replayed).map {
            clock.lagSeconds(replayed: $0, nowSeconds: nowSeconds)
        }
        guard let worst = theirs.max() else { return observation.lagSeconds }
        return max(worst, observation.lagSeconds ?? 0)
    }

    /// One look.
    mutating func observe(
        _ connection: PostgresConnection, nowSeconds: Double
    ) async throws(PostgresError) -> LagObservation {
        let row = try await connection.queryKept(
            ObserverSQL.replicas, timeout: .seconds(10)
        ).rows[0]
        return observe(row, nowSeconds: nowSeconds)
    }

    /// What the server's answer to ``ObserverSQL/replicas`` means.
    mutating func observe(_ row: [String?], nowSeconds: Double) -> LagObservation {
        sightings = row[1] == "0" ? Self.sightings(json: row[8] ?? "[]") : nil
        slots = row[9].flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
        return observe(
            row: Row(
                walPosition: UInt64(row[0] ?? "") ?? 0, hiddenCount: Int(row[1] ?? "") ?? 0,
                replayed: row[2].flatMap { UInt64($0) }, inactiveSlots: row[3] ?? "",
                catchingUp: Int(row[4] ?? "") ?? 0,
                reportedLagSeconds: row[5].flatMap { Double($0) },
                streamingCount: Int(row[6] ?? "") ?? 0, timeline: Int(row[7] ?? "") ?? 0,
                slots: slots, replicaSlots: (sightings ?? []).compactMap(\.slot)),
            nowSeconds: nowSeconds)
    }

    private static func sightings(json: String) -> [ReplicaSighting]? {
        let rows = try? JSONDecoder().decode([[String?]].self, from: Data(json.utf8))
        return rows?.map { row in
            ReplicaSighting(
                id: row[0] ?? "", flushed: row[1].flatMap { UInt64($0) },
                replayed: row[2].flatMap { UInt64($0) }, isConnected: true, slot: row[3])
        }
    }

    /// What the server said at one look.
    struct Row: Sendable {
        let walPosition: UInt64
        let hiddenCount: Int
        let replayed: UInt64?
        let inactiveSlots: String
        let catchingUp: Int
        /// What the server itself measured last.
        var reportedLagSeconds: Double?
        var streamingCount = 0
        var timeline = 0
        /// Slots that there are for replicas, and those of them that one is connected to.
        var slots: [String]?
        var replicaSlots: [String] = []
    }

    /// What a look means.
    mutating func observe(row: Row, nowSeconds: Double) -> LagObservation {
        walPosition = row.walPosition
        clock.observe(position: row.walPosition, nowSeconds: nowSeconds)
        if let timeline, row.timeline > timeline {
            expectedCount = max(0, expectedCount - 1)
            // They were the old primary's.
            expectedSlots = []
        }
        timeline = row.timeline
        if let slots = row.slots { forget(allBut: slots) }
        if row.hiddenCount > 0 {
            return .unobservable(
                reason: "replicas exist but this role may not see how far they are: GRANT "
                    + "pg_monitor to it, or use --max-lag off")
        }
        if !row.inactiveSlots.isEmpty {
            return .unobservable(
                reason: "no replica is connected to the replication slot \(row.inactiveSlots): "
                    + "bring it back, drop the slot, or use --max-lag off")
        }
        if let replayed = row.replayed {
            expectedCount = max(expectedCount, row.streamingCount, 1)
            expectedSlots.formUnion(row.replicaSlots)
            let ownSeconds = clock.lagSeconds(replayed: replayed, nowSeconds: nowSeconds)
            // The clock knows nothing of the time before it; what the server says holds only
            // while something is left to replay.
            let isBehind = replayed < row.walPosition
            let reportedSeconds = isBehind ? row.reportedLagSeconds ?? 0 : 0
            return .lag(seconds: max(ownSeconds, reportedSeconds))
        }
        if row.catchingUp > 0 || expectedCount > 0 {
            return .unobservable(
                reason: "a replica that streamed before is gone or catching up: bring it back, "
                    + "drop its slot, or have it forgotten by --max-lag off, which can be tuned "
                    + "back once batches go on")
        }
        return .noReplica
    }

    /// Does not miss replicas any more whose slots somebody dropped.
    private mutating func forget(allBut slots: [String]) {
        let kept = expectedSlots.intersection(slots)
        guard kept.count < expectedSlots.count else { return }
        expectedCount = max(expectedCount - (expectedSlots.count - kept.count), kept.count)
        expectedSlots = kept
    }
}
