/// How many bytes of log a replica replays in a second when it has enough to do, as measured.
struct ApplyRate: Sendable, Equatable {
    /// A position at a moment.
    private struct Mark: Sendable, Equatable {
        let seconds: Double
        let replayed: Double
        let queueBytes: Double
    }

    /// The rate is taken over so many seconds: replies come five times a second at best.
    static let spanSeconds = 1.0
    /// A shorter span gives no sample: one reply more or less would be a third of it.
    static let spanSecondsMin = 0.7
    /// The same at the start, where too much believed is mended at once: by the first queue.
    static let startSpanSeconds = 0.2
    /// The same before anything is known, one look at the start: what came then is taken for what
    /// came in ``startSpanSeconds``, since it may be what a reply after so long brought.
    static let firstSpanSeconds = 0.08
    /// With so many seconds of work always queued over the span, the replica was the bottleneck.
    static let busySeconds = 0.2
    /// Time constant of a fall, in seconds: the window must follow before the backlog grows.
    static let fallSeconds = 0.8
    /// Time constant of a rise, in seconds: catching up from disk is not the usual rate.
    static let riseSeconds = 3.0
    /// Time constant of a rise while it was not the bottleneck, in seconds: at once would take the
    /// luckiest second for the rule (0: 1 of 30 random plants above the limit).
    static let idleRiseSeconds = 1.0
    /// Progress over so many seconds is what is being replayed now: two polls, two reports.
    static let recentSeconds = 0.7
    /// Never believed to be less, in bytes a second: a replica that stood still must be probed.
    static let least = 2e5
    /// The first sample counts at least so much, in bytes a second: it was taken at low load.
    static let firstLeast = 1e6
    /// Taken for granted until measured, in bytes a second: what one small disk replays.
    static let unknown = 2e6

    private var marks: [Mark] = []
    private var measured: Double?
    /// True while it was the bottleneck over the last span.
    private(set) var isBusy = false

    /// Bytes a second, `unknown` before the first sample.
    var bytesPerSecond: Double { measured ?? Self.unknown }

    /// Bytes a second over the last half second; 0 before two polls.
    var recentBytesPerSecond: Double {
        guard let last = marks.last else { return 0 }
        for mark in marks.reversed() where last.seconds - mark.seconds >= Self.recentSeconds {
            return (last.replayed - mark.replayed) / (last.seconds - mark.seconds)
        }
        return 0
    }

    /// Takes in where a connected replica is; `elapsedSeconds` since the poll before.
    mutating func observe(
        replayed: Double, queueBytes: Double, nowSeconds: Double, elapsedSeconds: Double,
        isStartup: Bool
    ) {
        if let last = marks.last, replayed < last.replayed { marks.removeAll() }
        marks.append(Mark(seconds: nowSeconds, replayed: replayed, queueBytes: queueBytes))
        while marks.count > 2, nowSeconds - marks[0].seconds > Self.spanSeconds {
            marks.removeFirst()
        }
        isBusy = false
        if isStartup { raise(nowSeconds: nowSeconds) }
        let span = nowSeconds - marks[0].seconds
        guard span >= Self.spanSecondsMin else { return }
        let sample = (replayed - marks[0].replayed) / span
        var rate = measured ?? max(sample, Self.firstLeast)
        var leastQueue = queueBytes
        for mark in marks { leastQueue = min(leastQueue, mark.queueBytes) }
        isBusy = leastQueue > Self.busySeconds * rate
        if isBusy {
            let constant = sample < rate ? Self.fallSeconds : Self.riseSeconds
            rate += (1 - Exponential.exp(-elapsedSeconds / constant)) * (sample - rate)
        } else if sample > rate {
            // It did more with less than enough to do; noise and late replies also look so.
            let weight =
                isStartup ? 1 : 1 - Exponential.exp(-elapsedSeconds / Self.idleRiseSeconds)
            rate += weight * (sample - rate)
        }
        measured = max(rate, Self.least)
    }

    /// Believes at once what it replayed between two polls, until it was the bottleneck for the
    /// first time.
    ///
    /// What may be outstanding follows what is believed, and what is replayed follows that: over a
    /// whole span each doubling would take a second.
    private mutating func raise(nowSeconds: Double) {
        guard let last = marks.last else { return }
        let least = measured == nil ? Self.firstSpanSeconds : Self.startSpanSeconds
        for mark in marks.reversed() where last.seconds - mark.seconds >= least {
            let span = max(Self.startSpanSeconds, last.seconds - mark.seconds)
            let sample = (last.replayed - mark.replayed) / span
            if sample > bytesPerSecond { measured = sample }
            return
        }
    }

    /// Forgets the positions, not the rate: for a replica that was away.
    mutating func interrupt() {
        marks.removeAll()
        isBusy = false
    }
}
