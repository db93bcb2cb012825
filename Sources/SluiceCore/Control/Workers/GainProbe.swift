/// Finds how many batches at once still pay, by trying more and keeping what gains.
///
/// One step and a comparison need no model of the server: the marginal gain falls below a third
/// of linear before the peak is reached.
struct GainProbe: Sendable, Equatable {
    /// A try under way: what it is compared with.
    private struct Try: Sendable, Equatable {
        let workers: Double
        let rowsPerSecond: Double
    }

    /// A try is kept if the rate grew by this share of what the workers grew by; less is mostly
    /// load on the server for nothing.
    static let gainShare = 0.35
    /// Seconds to the next try after one that failed; doubled with each, up to the most.
    static let backoffSeconds = 15.0
    static let backoffSecondsMax = 240.0

    /// The batches at once that it allows.
    private(set) var allowed = 1.0
    /// True until a try has failed: the number doubles.
    private(set) var isStartup = true
    private var underWay: Try?
    private var backoff = backoffSeconds
    private var nextSeconds = 0.0

    /// One step; without `isBinding` what is measured is somebody else's limit.
    mutating func step(
        workers: Double, rowsPerSecond: Double, isBinding: Bool, most: Double, nowSeconds: Double
    ) {
        defer { allowed = min(allowed, most) }
        guard isBinding else {
            underWay = nil
            return
        }
        if let tried = underWay { judge(tried, workers, rowsPerSecond, nowSeconds) }
        guard underWay == nil, nowSeconds >= nextSeconds, allowed < most else { return }
        underWay = Try(workers: workers, rowsPerSecond: rowsPerSecond)
        allowed = isStartup ? allowed * 2 : allowed + 1
    }

    private mutating func judge(
        _ tried: Try, _ workers: Double, _ rowsPerSecond: Double, _ nowSeconds: Double
    ) {
        underWay = nil
        let gain = rowsPerSecond / max(tried.rowsPerSecond, 1e-9) - 1
        let linear = (workers - tried.workers) / tried.workers
        if gain < Self.gainShare * linear {
            allowed = tried.workers
            isStartup = false
            nextSeconds = nowSeconds + backoff
            backoff = min(Self.backoffSecondsMax, backoff * 2)
        } else {
            backoff = Self.backoffSeconds
            nextSeconds = nowSeconds
        }
    }
}
