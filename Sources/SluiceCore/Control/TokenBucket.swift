/// A rate kept on average, with a little in hand: what was not used for half a second is lost.
///
/// It may go into debt, since a batch is started whole: what is started is paid for before the
/// next one starts.
struct TokenBucket: Sendable, Equatable {
    /// Kept in hand at the most, in seconds of the rate: bridges two polls.
    static let burstSeconds = 0.5
    /// Owed at the most once the rate changes, in seconds of the new rate: nobody waits for what
    /// was promised under another rate.
    static let debtSecondsMax = 1.0

    private(set) var tokens = 0.0
    private(set) var ratePerSecond = Double.infinity
    private var lastSeconds: Double?

    /// True while something may start.
    var isOpen: Bool { ratePerSecond == .infinity || tokens > 0 }

    /// Fills up to now; at least one token fits, or a tiny rate would never open.
    mutating func refill(nowSeconds: Double) {
        let elapsed = lastSeconds.map { max(0, nowSeconds - $0) } ?? 0
        lastSeconds = nowSeconds
        guard ratePerSecond.isFinite else { return }
        let most = max(ratePerSecond * Self.burstSeconds, 1)
        tokens = min(tokens + ratePerSecond * elapsed, most)
    }

    /// Changes the rate.
    mutating func setRate(_ perSecond: Double, nowSeconds: Double) {
        refill(nowSeconds: nowSeconds)
        guard perSecond != ratePerSecond else { return }
        if ratePerSecond == .infinity { tokens = 0 }
        ratePerSecond = perSecond
        if perSecond.isFinite { tokens = max(tokens, -max(perSecond, 1) * Self.debtSecondsMax) }
    }

    /// Pays for what was started, or gets back (negative) what it did not use.
    mutating func pay(_ amount: Double) {
        guard ratePerSecond.isFinite else { return }
        tokens -= amount
    }
}
