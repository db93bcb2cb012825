import Foundation
import Testing

/// How much of everything is injected: all of it with `SLUICE_CHAOS=full`, as `scripts/chaos` sets
/// it, else a slice that takes less than three minutes on two cores.
enum ChaosScale {
    static let isFull = ProcessInfo.processInfo.environment["SLUICE_CHAOS"] == "full"

    /// What the random choices of all cases follow from; `SLUICE_CHAOS_SEED` brings one back.
    static let seed =
        ProcessInfo.processInfo.environment["SLUICE_CHAOS_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0 ... .max)

    static let kills = isFull ? 200 : 30
    static let serverCrashes = isFull ? 30 : 4
    static let failovers = isFull ? 10 : 2
    static let cuts = isFull ? 100 : 24
    static let stops = isFull ? 10 : 2
    static let silences = isFull ? 12 : 2
    static let deadlocks = isFull ? 20 : 6
    static let slowPhases = isFull ? 8 : 2
    static let shortages = isFull ? 5 : 1
    static let drops = isFull ? 5 : 1

    /// How long a lock is held, or a replica away, in seconds: a minute is what a forgotten
    /// session or a reboot takes.
    static let longSeconds = isFull ? 60.0 : 4

    /// A case takes up to three minutes in full on two cores; a hung one ends.
    static let limit = TimeLimitTrait.Duration.minutes(isFull ? 20 : 4)
}
