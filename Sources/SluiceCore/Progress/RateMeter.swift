/// A rate smoothed over the last seconds, from a counter that only grows.
public struct RateMeter: Sendable {
    /// Time constant of the smoothing, in seconds: long enough to be readable, short enough to
    /// show a change of `tune` within a glance.
    public static let smoothingSeconds = 5.0

    private var last: (seconds: Double, total: Int)?
    /// The smoothed rate per second; `nil` before two observations.
    public private(set) var perSecond: Double?

    /// Begins without observations.
    public init() {}

    /// Takes in the counter's value at a time.
    public mutating func observe(total: Int, nowSeconds: Double) {
        guard let last else {
            self.last = (nowSeconds, total)
            return
        }
        let elapsed = nowSeconds - last.seconds
        guard elapsed > 0 else { return }
        let rate = Double(max(0, total - last.total)) / elapsed
        // 1 − e^(−Δt/τ) without the exponential: the same to first order, and never above 1.
        let weight = elapsed / (elapsed + Self.smoothingSeconds)
        perSecond = perSecond.map { $0 + (rate - $0) * weight } ?? rate
        self.last = (nowSeconds, total)
    }
}
