/// Decides before each batch whether it may start: the window, the paces, the number running.
///
/// It also keeps what running batches have promised: bytes that will be in the log and are not
/// yet, so that between two polls not everybody starts into the same room.
public struct BatchGate: Sendable {
    /// Names a batch that was started.
    public struct Ticket: Sendable, Hashable, Codable {
        package let number: Int

        package init(number: Int) { self.number = number }
    }

    /// What the gate says.
    public enum Answer: Sendable, Equatable {
        /// Start, and say when it is over.
        case start(Ticket)
        /// Ask again: after the next poll, when a batch ends, or soon.
        case wait(WaitReason)
    }

    /// What the user allows.
    public struct Limits: Sendable, Equatable, Codable {
        /// Rows a second at the most.
        public var rowsPerSecondMax: Double?
        /// Bytes of log a second at the most, of the run itself.
        public var walBytesPerSecondMax: Double?

        /// Limits of a run.
        public init(rowsPerSecondMax: Double? = nil, walBytesPerSecondMax: Double? = nil) {
            self.rowsPerSecondMax = rowsPerSecondMax
            self.walBytesPerSecondMax = walBytesPerSecondMax
        }
    }

    /// A batch that runs, or that ended after the last poll.
    private struct Promise: Sendable {
        let number: Int
        let startedSeconds: Double
        let expectedSeconds: Double
        let keys: Double
        /// What it was taken for when it started.
        let bytes: Double
        /// What of it was not yet in the log at the last poll.
        var missingBytes: Double
        var isOver = false
    }

    /// Nothing starts once the last poll is older than this, in seconds, or than three polls:
    /// what it said may no longer be true.
    static let staleSeconds = 5.0
    static let stalePolls = 3.0

    private var window = ReplicaWindow.Decision()
    private var limits = Limits()
    private var pace = TokenBucket()
    private var rowPace = TokenBucket()
    private var walPace = TokenBucket()
    private var promises: [Promise] = []
    private var promisedBytes = 0.0
    private var running = 0
    private var nextNumber = 0
    private var pollSeconds: Double?
    private var pollPeriodSeconds = 1.0

    /// A gate that has seen no poll yet, and so starts nothing.
    public init() {}

    /// Batches that are running.
    public var runningBatches: Int { running }

    /// Takes in a poll's decision.
    public mutating func observe(
        _ decision: ReplicaWindow.Decision, _ limits: Limits, nowSeconds: Double
    ) {
        if let pollSeconds { pollPeriodSeconds = max(0, nowSeconds - pollSeconds) }
        pollSeconds = nowSeconds
        window = decision
        self.limits = limits
        pace.setRate(decision.paceBytesPerSecond, nowSeconds: nowSeconds)
        rowPace.setRate(limits.rowsPerSecondMax ?? .infinity, nowSeconds: nowSeconds)
        walPace.setRate(limits.walBytesPerSecondMax ?? .infinity, nowSeconds: nowSeconds)
        promises.removeAll { $0.isOver }
        promisedBytes = 0
        for index in promises.indices {
            let promise = promises[index]
            let elapsed = nowSeconds - promise.startedSeconds
            let left = max(0, 1 - elapsed / max(promise.expectedSeconds, 1e-3))
            promises[index].missingBytes = promise.bytes * left
            promisedBytes += promises[index].missingBytes
        }
    }

    /// Decides whether a batch may start that should write so many bytes in so many seconds.
    public mutating func decide(
        nowSeconds: Double, batch: BatchSizer.Decision, keys: Int? = nil, expectedBytes: Double,
        workers: Int
    ) -> Answer {
        pace.refill(nowSeconds: nowSeconds)
        rowPace.refill(nowSeconds: nowSeconds)
        walPace.refill(nowSeconds: nowSeconds)
        if let reason = reasonToWait(
            nowSeconds: nowSeconds, expectedBytes: expectedBytes, workers: workers)
        {
            return .wait(reason)
        }
        pace.pay(expectedBytes)
        walPace.pay(expectedBytes)
        let keys = Double(keys ?? batch.batchKeys)
        rowPace.pay(keys)
        nextNumber += 1
        promises.append(
            Promise(
                number: nextNumber, startedSeconds: nowSeconds,
                expectedSeconds: batch.targetSeconds, keys: keys,
                bytes: expectedBytes, missingBytes: expectedBytes))
        promisedBytes += expectedBytes
        running += 1
        return .start(Ticket(number: nextNumber))
    }

    /// Takes in a batch's end; one that was rolled back wrote its log nevertheless.
    public mutating func finished(_ ticket: Ticket, rows: Int, walBytes: Double?) {
        guard
            let index = promises.firstIndex(where: { $0.number == ticket.number && !$0.isOver })
        else { return }
        let promise = promises[index]
        promises[index].isOver = true
        running -= 1
        rowPace.pay(Double(rows) - promise.keys)
        guard let walBytes else { return }
        walPace.pay(walBytes - promise.bytes)
        // The same share of it is missing from the last poll's log end, of what it really was.
        let share = promise.bytes > 0 ? promise.missingBytes / promise.bytes : 1
        promises[index].missingBytes = walBytes * share
        promisedBytes += walBytes * share - promise.missingBytes
    }

    private func reasonToWait(
        nowSeconds: Double, expectedBytes: Double, workers: Int
    ) -> WaitReason? {
        guard let pollSeconds else { return .signalsMissing }
        let age = nowSeconds - pollSeconds
        let stale = max(Self.staleSeconds, Self.stalePolls * min(pollPeriodSeconds, 2))
        if age > stale { return .signalsStale(ageSeconds: age) }
        if let stop = window.stop { return stop }
        guard running < workers else { return .workersBusy(workers: workers) }
        if !walPace.isOpen { return .walRate(bytesPerSecond: walPace.ratePerSecond) }
        if !rowPace.isOpen { return .rowRate(rowsPerSecond: rowPace.ratePerSecond) }
        if !pace.isOpen { return .paced(bytesPerSecond: pace.ratePerSecond) }
        let outstanding = outstandingBytes(ageSeconds: age)
        let isFull = outstanding + expectedBytes > window.windowBytes
        // Alone it may always start, or a window smaller than a batch would never open.
        guard isFull, running > 0 || outstanding > window.windowBytes else { return nil }
        return .windowFull(replica: window.worstReplica, lagSeconds: window.lagSeconds)
    }

    /// Bytes between the log's end, with all that is promised, and what the slowest replica
    /// should have replayed by now; what it replays after the last poll counts for one poll.
    private func outstandingBytes(ageSeconds: Double) -> Double {
        let replaying = window.applyBytesPerSecond ?? 0
        let credit =
            min(replaying, window.replayingBytesPerSecond) * min(ageSeconds, pollPeriodSeconds, 1)
        return max(0, window.outstandingBytes - credit) + promisedBytes
    }
}
