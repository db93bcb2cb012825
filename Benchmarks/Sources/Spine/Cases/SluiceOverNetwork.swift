import SluicePostgres
import SluiceSandbox

/// The engine over TCP, through a network that delays or straight.
struct SluiceOverNetwork: BackfillCase {
    let sluice: SluiceCase
    /// Added in each direction; 0 leaves the proxy out.
    let delayMilliseconds: Int

    var subject: String {
        delayMilliseconds == 0 ? "sluice, direct" : "sluice, \(delayMilliseconds) ms each way"
    }

    func change(_ copy: FreshCopy) async throws -> [String: Double] {
        let direct = try ConnectionParameters(dsn: copy.networkDSN)
        guard delayMilliseconds > 0 else {
            try await sluice.run(direct)
            return [:]
        }
        let proxy = try DelayingProxy(
            towards: UInt16(copy.server.port), delay: .milliseconds(delayMilliseconds))
        defer { proxy.stop() }
        let parameters = direct.setting("port", to: "\(proxy.port)")
        let roundTrip = try await roundTripMilliseconds(parameters)
        guard roundTrip >= Double(2 * delayMilliseconds) else {
            throw BenchError("the proxy delays a round trip by \(roundTrip) ms only")
        }
        try await sluice.run(parameters)
        return ["round_trip_milliseconds": roundTrip]
    }

    /// The quickest of a few empty queries: proof that the delay is there.
    private func roundTripMilliseconds(_ parameters: ConnectionParameters) async throws -> Double {
        let connection = try await PostgresConnection.connect(parameters)
        var best = Double.infinity
        for _ in 0..<5 {
            let began = ContinuousClock.now
            _ = try await connection.query("SELECT 1")
            best = min(best, began.duration(to: .now) / .milliseconds(1))
        }
        await connection.close()
        return best
    }
}
