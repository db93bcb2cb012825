import SluiceCore
import SluicePostgres
import Synchronization

/// Holds a verification back while a replica lags, as the run itself is held back.
final class VerifyGate: Sendable {
    /// How often the primary is asked, in seconds: as often as by a run's monitor.
    private static let lookSeconds = 0.5
    /// How soon a worker looks again whether the gate is open, in milliseconds, and what that grows
    /// to: the first look at replicas takes some milliseconds.
    private static let tickMillisecondsFirst = 2
    private static let tickMillisecondsMax = 100

    private let reason: Mutex<String?>
    private let maxLagSeconds: Double?

    /// A gate that is closed until the replicas have been looked at.
    init(maxLagSeconds: Double?) {
        self.maxLagSeconds = maxLagSeconds
        reason = Mutex(maxLagSeconds == nil ? nil : "a first look at the replicas")
    }

    /// Why nothing may be read now.
    var waitingFor: String? { reason.withLock { $0 } }

    /// Waits until something may be read, or draining was asked for.
    func pass(_ drain: DrainSwitch) async {
        var tick = Self.tickMillisecondsFirst
        while waitingFor != nil, !drain.isDraining, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(tick))
            tick = min(2 * tick, Self.tickMillisecondsMax)
        }
    }

    /// Watches until cancelled, and tells what it saw.
    ///
    /// - Throws: `SluiceError` when the primary cannot be asked for longer than a run would wait.
    func watch(
        _ open: () async throws(PostgresError) -> PostgresConnection, _ seen: () async -> Void
    ) async throws {
        let began = ContinuousClock.now
        var connection: PostgresConnection?
        var observer = ReplicaObserver()
        var gate = LagGate()
        var blindSinceSeconds: Double?
        while !Task.isCancelled {
            let nowSeconds = began.duration(to: .now) / .seconds(1)
            do throws(PostgresError) {
                if connection == nil { connection = try await open() }
                guard let connection else { break }
                let observation = try await observer.observe(connection, nowSeconds: nowSeconds)
                let decision = gate.decide(observation, maxLagSeconds: maxLagSeconds)
                reason.withLock { $0 = decision }
                blindSinceSeconds = nil
            } catch {
                if Task.isCancelled { break }
                await connection?.close()
                connection = nil
                let since = blindSinceSeconds ?? nowSeconds
                blindSinceSeconds = since
                reason.withLock { $0 = "the server cannot be asked how it is: \(error)" }
                if nowSeconds - since > RunScheduler.outageSecondsMax {
                    throw SluiceError(error, while: "verifying")
                }
            }
            await seen()
            try? await Task.sleep(for: .seconds(Self.lookSeconds))
        }
        await connection?.close()
    }
}
