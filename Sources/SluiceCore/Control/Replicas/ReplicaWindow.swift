/// How many bytes of log may be outstanding, so that the slowest replica is always busy and never
/// far behind.
///
/// A window in bytes, not a rate in seconds of lag: it clocks itself by what is replayed, closes
/// at once when replay stops, and counts the application's own log without being told of it. Why,
/// and against what: docs/decisions/0012-adaptive-control.md.
public struct ReplicaWindow: Sendable {
    /// What one poll shows.
    public struct Observation: Sendable, Equatable, Codable {
        /// Seconds of the run's clock.
        public var nowSeconds: Double
        /// Where the primary's log ends, in bytes.
        public var primaryPosition: UInt64
        /// Every replica there is; `nil` where that cannot be seen.
        public var replicas: [ReplicaSighting]?
        /// Slots that the primary keeps for replicas, there or not; `nil` where they are not known.
        public var slots: [String]?
        /// The primary's timeline.
        public var timeline: Int

        /// A poll.
        public init(
            nowSeconds: Double, primaryPosition: UInt64, replicas: [ReplicaSighting]?,
            slots: [String]? = nil, timeline: Int = 0
        ) {
            self.slots = slots
            self.timeline = timeline
            self.nowSeconds = nowSeconds
            self.primaryPosition = primaryPosition
            self.replicas = replicas
        }
    }

    /// What the user allows; may differ from poll to poll.
    public struct Limits: Sendable, Equatable, Codable {
        /// Lag that no replica may reach, in seconds; `nil` to look at none.
        public var maxLagSeconds: Double?
        /// Replicas without which nothing starts, even if they were never seen.
        public var requiredReplicas: Set<String>
        /// What to do about a replica that has gone.
        public var missing: MissingReplicaPolicy

        /// Limits of a poll.
        public init(
            maxLagSeconds: Double?, requiredReplicas: Set<String> = [],
            missing: MissingReplicaPolicy = .pause
        ) {
            self.maxLagSeconds = maxLagSeconds
            self.requiredReplicas = requiredReplicas
            self.missing = missing
        }
    }

    /// What holds until the next poll.
    public struct Decision: Sendable, Equatable, Codable {
        /// Bytes of log that may be outstanding; infinite where no replica counts.
        public var windowBytes = Double.infinity
        /// Bytes outstanding at the poll, for the replica that is furthest behind.
        public var outstandingBytes = 0.0
        /// Burst limit on the run's own log.
        public var paceBytesPerSecond = Double.infinity
        /// The slowest replica's apply rate; `nil` before it is measured.
        public var applyBytesPerSecond: Double?
        /// What the replica that is furthest behind replayed a second over the last half second.
        public var replayingBytesPerSecond = 0.0
        /// The replica that is furthest behind, and how far.
        public var worstReplica = ""
        /// Lag of the worst replica by the clock of positions, in seconds.
        public var lagSeconds = 0.0
        /// Why nothing may start, whatever the window says.
        public var stop: WaitReason?
    }

    /// The lag to keep, as a share of the limit.
    ///
    /// A replica that slows by F needs F times this to replay it: 0.04 stands 10 times slower at
    /// a limit of 10 s, 0.1 does not (docs/decisions/0012-adaptive-control.md).
    static let standingShare = 0.04
    /// Bounds of the lag to keep, in seconds: shorter starves the replica between polls, longer
    /// buys no throughput.
    static let standingSecondsMin = 0.25
    static let standingSecondsMax = 2.0
    /// All that is outstanding as a share of the limit: with 1 s under way, a replica that slows
    /// by 6 needs 6 times all of it, not of the lag to keep alone.
    ///
    /// With 0.12 three of 400 random plants were above the limit at some time, with 0.11 and with
    /// 0.10 one.
    static let windowShareMax = 0.11
    /// Left of the lag to keep, as a share, however long the way is: or the replica starves.
    static let standingLeast = 0.4
    /// Window and pace are so many times larger until a replica was busy for the first time: the
    /// apply rate cannot be measured below it.
    static let startupGain = 2.0
    /// The burst limit as a multiple of the apply rate: loose, since the window does the work.
    static let paceGain = 1.5
    /// The same until a replica was busy for the first time: what a row writes is not known either,
    /// and the window alone holds what is outstanding.
    static let startupPaceGain = 8.0
    /// Everything stops when a replica's backlog needs more than this share of the limit.
    static let emergencyShare = 0.5
    /// It goes on once the backlog needs less than so many times the lag to keep.
    static let resumeMultiple = 2.0
    /// Everything stops at this share of the limit in measured lag, whatever the estimates say.
    static let lagStopShare = 0.8
    /// It goes on below this share.
    static let lagResumeShare = 0.5

    /// A poll counts as at most so long, in seconds: a late one must not widen the window.
    static let pollSecondsMax = 1.0

    private var clock = LagClock()
    private var tracks: [ReplicaTrack] = []
    private var isStartup = true
    private var isDraining = false
    private var isBehind = false
    private var isLimited = false
    private var timeline = 0
    private var lastSeconds: Double?
    private var startedSeconds: Double?

    /// Knows no replica.
    public init() {}

    /// Takes in a poll.
    public mutating func step(_ observation: Observation, _ limits: Limits) -> Decision {
        let now = observation.nowSeconds
        let elapsed = lastSeconds.map { max(0, now - $0) } ?? 0
        lastSeconds = now
        startedSeconds = startedSeconds ?? now
        if observation.timeline > timeline {
            // After a failover one replica is the primary, and all positions begin anew.
            if timeline > 0 { (tracks, clock) = ([], LagClock()) }
            timeline = observation.timeline
        }
        clock.observe(position: observation.primaryPosition, nowSeconds: now)
        follow(limits)
        guard let sightings = observation.replicas else {
            var decision = Decision()
            if limits.maxLagSeconds != nil { decision.stop = .signalsMissing }
            return decision
        }
        track(sightings, nowSeconds: now, elapsedSeconds: elapsed)
        if tracks.contains(where: { $0.apply.isBusy }) { isStartup = false }
        forget(limits, slots: observation.slots, nowSeconds: now)
        guard let maxLag = limits.maxLagSeconds else { return unlimited() }
        return decide(
            observation, limits, maxLagSeconds: maxLag,
            pollSeconds: min(elapsed, Self.pollSecondsMax))
    }

    // MARK: - Which replicas count

    private mutating func track(
        _ sightings: [ReplicaSighting], nowSeconds: Double, elapsedSeconds: Double
    ) {
        for index in tracks.indices {
            let id = tracks[index].id
            tracks[index].observe(
                sightings.first { $0.id == id }, clock: clock, nowSeconds: nowSeconds,
                elapsedSeconds: elapsedSeconds, isStartup: isStartup)
        }
        for sighting in sightings where !tracks.contains(where: { $0.id == sighting.id }) {
            // One that replays nothing (a base backup, an archiver) cannot be behind in replay.
            guard let replayed = sighting.replayed else { continue }
            var track = ReplicaTrack(sighting, replayed: replayed, nowSeconds: nowSeconds)
            track.observe(
                sighting, clock: clock, nowSeconds: nowSeconds, elapsedSeconds: elapsedSeconds,
                isStartup: isStartup)
            tracks.append(track)
        }
    }

    /// Whoever turns the limit off lets go of replicas that are missing just then: of those that
    /// are back under another name, which nobody could ever see again, too.
    private mutating func follow(_ limits: Limits) {
        let isTurnedOff = isLimited && limits.maxLagSeconds == nil
        isLimited = limits.maxLagSeconds != nil
        guard isTurnedOff else { return }
        tracks.removeAll { !$0.isConnected && !limits.requiredReplicas.contains($0.id) }
    }

    /// Drops what has gone and was never expected, or whose slot somebody dropped, and gives up on
    /// what the policy gives up on.
    private mutating func forget(_ limits: Limits, slots: [String]?, nowSeconds: Double) {
        let required = limits.requiredReplicas
        tracks.removeAll {
            !$0.isConnected && !required.contains($0.id)
                && (!$0.isExpected || $0.hasLostSlot(among: slots))
        }
        guard case .ignoreAfter(let seconds) = limits.missing else {
            for index in tracks.indices { tracks[index].isIgnored = false }
            return
        }
        for index in tracks.indices {
            if !tracks[index].isConnected {
                if nowSeconds - tracks[index].lastSeenSeconds > seconds {
                    tracks[index].isIgnored = true
                }
            } else if tracks[index].isIgnored {
                let lag = lagSeconds(of: tracks[index], nowSeconds: nowSeconds)
                let limit = limits.maxLagSeconds ?? .infinity
                if lag < Self.lagResumeShare * limit { tracks[index].isIgnored = false }
            }
        }
    }

    private func lagSeconds(of track: ReplicaTrack, nowSeconds: Double) -> Double {
        clock.lagSeconds(replayed: UInt64(track.replayed), nowSeconds: nowSeconds)
    }

    // MARK: - The window

    private func unlimited() -> Decision {
        var decision = Decision()
        for track in tracks where track.isConnected {
            let rate = track.apply.bytesPerSecond
            decision.applyBytesPerSecond = min(decision.applyBytesPerSecond ?? rate, rate)
        }
        return decision
    }

    private mutating func decide(
        _ observation: Observation, _ limits: Limits, maxLagSeconds: Double, pollSeconds: Double
    ) -> Decision {
        let standing = Self.standingSeconds(maxLagSeconds: maxLagSeconds)
        let gain = isStartup ? Self.startupGain : 1
        let end = Double(observation.primaryPosition)
        var decision = Decision()
        var drain = (seconds: 0.0, id: "")
        for track in tracks where !track.isIgnored {
            let rate = track.apply.bytesPerSecond
            let outstanding = max(0, end - track.replayed)
            let flight = track.flightSeconds(pollSeconds: pollSeconds)
            decision.windowBytes = min(
                decision.windowBytes,
                gain * rate
                    * Self.windowSeconds(
                        standing: standing, flight: flight, maxLagSeconds: maxLagSeconds))
            decision.paceBytesPerSecond = min(
                decision.paceBytesPerSecond,
                (isStartup ? Self.startupPaceGain : 1) * Self.paceGain * rate)
            decision.applyBytesPerSecond = min(decision.applyBytesPerSecond ?? rate, rate)
            if decision.worstReplica.isEmpty || outstanding > decision.outstandingBytes {
                decision.outstandingBytes = outstanding
                decision.worstReplica = track.id
                decision.replayingBytesPerSecond = track.apply.recentBytesPerSecond
            }
            let lag = lagSeconds(of: track, nowSeconds: observation.nowSeconds)
            decision.lagSeconds = max(decision.lagSeconds, lag)
            let seconds = (track.isConnected ? track.queueBytes : outstanding) / rate
            if seconds > drain.seconds { drain = (seconds, track.id) }
        }
        decision.stop = stop(
            observation, limits, decision, drain: drain, standingSeconds: standing,
            maxLagSeconds: maxLagSeconds)
        return decision
    }

    /// Seconds of the apply rate that may be outstanding: what is under way, and the lag to keep,
    /// as far as it bears a replica that slows down.
    static func windowSeconds(
        standing: Double, flight: Double, maxLagSeconds: Double
    ) -> Double {
        let bearable = max(flight + standing * standingLeast, windowShareMax * maxLagSeconds)
        return min(standing + flight, bearable)
    }

    /// The lag to keep for a limit, in seconds.
    static func standingSeconds(maxLagSeconds: Double) -> Double {
        max(standingSecondsMin, min(standingSecondsMax, standingShare * maxLagSeconds))
    }

    private mutating func stop(
        _ observation: Observation, _ limits: Limits, _ decision: Decision,
        drain: (seconds: Double, id: String), standingSeconds: Double, maxLagSeconds: Double
    ) -> WaitReason? {
        if drain.seconds > Self.emergencyShare * maxLagSeconds {
            isDraining = true
        } else if drain.seconds < Self.resumeMultiple * standingSeconds {
            isDraining = false
        }
        if decision.lagSeconds > Self.lagStopShare * maxLagSeconds {
            isBehind = true
        } else if decision.lagSeconds < Self.lagResumeShare * maxLagSeconds {
            isBehind = false
        }
        if let missing = missing(limits, nowSeconds: observation.nowSeconds) { return missing }
        if isBehind {
            return .replicaBehind(
                replica: decision.worstReplica, lagSeconds: decision.lagSeconds)
        }
        guard isDraining else { return nil }
        return .replicaDraining(replica: drain.id, drainSeconds: drain.seconds)
    }

    private func missing(_ limits: Limits, nowSeconds: Double) -> WaitReason? {
        for track in tracks where !track.isConnected && !track.isIgnored {
            return .replicaMissing(
                replica: track.id, missingSeconds: nowSeconds - track.lastSeenSeconds)
        }
        let unseen = limits.requiredReplicas.filter { id in
            !tracks.contains { $0.id == id }
        }
        guard let replica = unseen.min() else { return nil }
        let waited = nowSeconds - (startedSeconds ?? nowSeconds)
        if case .ignoreAfter(let seconds) = limits.missing, waited > seconds { return nil }
        return .replicaMissing(replica: replica, missingSeconds: waited)
    }
}
