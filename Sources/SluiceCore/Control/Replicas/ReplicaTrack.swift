/// What is remembered of one replica from poll to poll.
struct ReplicaTrack: Sendable, Equatable {
    /// A transport delay at a moment.
    private struct Transport: Sendable, Equatable {
        let seconds: Double
        let delaySeconds: Double
    }

    /// The shortest transport delay within so many seconds is the network's own; longer ones are
    /// queues. (BBR's min_rtt has 10 s; replies are rarer than packets.)
    static let transportSpanSeconds = 30.0
    /// Transport before any was measured, in seconds: a neighbouring zone.
    static let transportUnknownSeconds = 0.1
    /// Added to the transport, in seconds: the replica's own reply interval in part.
    static let transportMarginSeconds = 0.05
    /// Seen for so long in all, it is expected to stay, in seconds: shorter are base backups.
    static let expectedAfterSeconds = 30.0

    let id: String
    private(set) var apply = ApplyRate()
    private(set) var isConnected = true
    /// The slot that it had when it was last there.
    private(set) var slot: String?
    private(set) var replayed: Double
    private(set) var flushed: Double
    /// Seconds for which it has been there.
    private(set) var seenSeconds = 0.0
    private(set) var lastSeenSeconds: Double
    /// True once its absence has been given up, until it has caught up again.
    var isIgnored = false
    private var transports: [Transport] = []

    init(_ sighting: ReplicaSighting, replayed: UInt64, nowSeconds: Double) {
        id = sighting.id
        slot = sighting.slot
        self.replayed = Double(replayed)
        flushed = Double(max(replayed, sighting.flushed ?? replayed))
        lastSeenSeconds = nowSeconds
    }

    var isExpected: Bool { seenSeconds >= Self.expectedAfterSeconds }

    /// Whether the primary has its slot no more: somebody dropped that, which a replica that is
    /// merely away does not.
    func hasLostSlot(among slots: [String]?) -> Bool {
        guard let slot, let slots else { return false }
        return !slots.contains(slot)
    }

    /// Bytes that it has and has not replayed.
    var queueBytes: Double { max(0, flushed - replayed) }

    /// The network's own delay with half a poll and a margin, in seconds: bytes in flight for so
    /// long are nobody's backlog.
    func flightSeconds(pollSeconds: Double) -> Double {
        var least = transports.first?.delaySeconds ?? Self.transportUnknownSeconds
        for transport in transports { least = min(least, transport.delaySeconds) }
        return least + 0.5 * pollSeconds + Self.transportMarginSeconds
    }

    /// Takes in where it is, or that it is not there.
    mutating func observe(
        _ sighting: ReplicaSighting?, clock: LagClock, nowSeconds: Double, elapsedSeconds: Double,
        isStartup: Bool
    ) {
        guard let sighting, sighting.isConnected, let position = sighting.replayed else {
            if isConnected { apply.interrupt() }
            isConnected = false
            return
        }
        if isConnected { seenSeconds += elapsedSeconds }
        isConnected = true
        slot = sighting.slot
        lastSeenSeconds = nowSeconds
        replayed = Double(position)
        let onDisk = max(position, sighting.flushed ?? position)
        measureTransport(onDisk, clock: clock, nowSeconds: nowSeconds)
        flushed = Double(onDisk)
        apply.observe(
            replayed: replayed, queueBytes: queueBytes, nowSeconds: nowSeconds,
            elapsedSeconds: elapsedSeconds, isStartup: isStartup)
    }

    /// Only what has just arrived says how long the way is: the first log after a rest is young
    /// for as long as it is under way, and where none is written none arrives.
    ///
    /// What was written before anybody looked says nothing either.
    private mutating func measureTransport(
        _ onDisk: UInt64, clock: LagClock, nowSeconds: Double
    ) {
        guard Double(onDisk) > flushed,
            let delay = clock.ageSeconds(of: onDisk, nowSeconds: nowSeconds)
        else { return }
        transports.append(Transport(seconds: nowSeconds, delaySeconds: delay))
        while let first = transports.first,
            nowSeconds - first.seconds > Self.transportSpanSeconds
        {
            transports.removeFirst()
        }
    }
}
