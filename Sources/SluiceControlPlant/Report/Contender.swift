/// A controller with its name in the table.
package struct Contender: Sendable {
    package let id: String
    package let title: String
    private let make: @Sendable (Scenario, UInt64) -> Outcome

    private init<Steering: Controller>(
        _ id: String, _ title: String, _ controller: @escaping @Sendable () -> Steering
    ) {
        self.id = id
        self.title = title
        make = { PlantRun.run($0, controller(), seed: $1) }
    }

    /// Runs a scenario from its beginning to its end.
    package func run(_ scenario: Scenario, seed: UInt64) -> Outcome { make(scenario, seed) }

    /// Sluice as it is.
    package static let sluice = Contender("sluice", "**Sluice**") { SluiceController() }
    /// No backfill: what no controller can avoid.
    package static let idle = Contender("idle", "(no backfill)") { Idle() }
    /// What Sluice is compared with, at the constants that they are shipped with.
    package static let rivals: [Contender] = [
        Contender("pgroll", "fixed 1,000 × 1 (pgroll)") { Fixed(keys: 1000, workers: 1) },
        Contender("naive", "fixed 10,000 × 8") { Fixed(keys: 10_000, workers: 8) },
        Contender("pt-osc", "pt-osc") { OnlineSchemaChange() },
        Contender("gh-ost", "gh-ost rule, 8 workers") { Ghost() },
        Contender("spirit", "Spirit") { Spirit(toleranceSeconds: Duty.lagSecondsMax) },
        Contender("spirit-2", "Spirit, tolerance 2 s") { Spirit(toleranceSeconds: 2) },
        Contender("gitlab", "GitLab EMA (1/24 time)") { GitLab() },
        Contender("aimd", "AIMD on lag") { AdditiveIncrease() },
        Contender("gradient", "Gradient2 + pause") { Gradient() },
        Contender("mongo", "MongoDB flow control") { FlowControl(targetSeconds: 10) },
        Contender("mongo-5", "MongoDB, target 5 s") { FlowControl(targetSeconds: 5) },
        Contender("vitess", "Vitess, 20 s") { Vitess(healthSeconds: 20) },
        Contender("vitess-5", "Vitess, 5 s") { Vitess(healthSeconds: 5) },
    ]
    /// Everybody, in the order of the table.
    package static let all = [idle] + rivals + [sluice]
}
