import SluiceControlPlant
import SluiceCore
import Testing

/// The plant itself: the same for a seed, and hard enough that others fail in it as they should.
@Suite struct PlantTests {
    private func run(_ id: String, _ scenario: Scenario, seed: UInt64 = 1) throws -> Outcome {
        let contender = try #require(Contender.all.first { $0.id == id })
        return contender.run(scenario, seed: seed)
    }

    private func short(_ scenario: Scenario?) throws -> Scenario {
        var scenario = try #require(scenario)
        scenario.seconds = 60
        return scenario
    }

    @Test func theSameSeedGivesTheSameRun() throws {
        let scenario = try short(.named("S6"))
        let once = try run("sluice", scenario, seed: 7)
        let again = try run("sluice", scenario, seed: 7)
        let other = try run("sluice", scenario, seed: 8)
        #expect(once.efficiency == again.efficiency)
        #expect(once.lagSecondsMax == again.lagSecondsMax)
        #expect(once.efficiency != other.efficiency)
    }

    @Test func withoutBackfillNoReplicaLagsAndNothingIsDone() throws {
        let outcome = try run("idle", try short(.named("S1")))
        #expect(outcome.efficiency == 0)
        #expect(outcome.lagSecondsMax < 0.2)
        #expect(outcome.violationSeconds == 0)
    }

    @Test func aFixedLoadDrownsTheReplica() throws {
        let outcome = try run("naive", try short(.named("S1")))
        #expect(outcome.efficiency > 2)
        #expect(outcome.lagSecondsMax > 20)
        #expect(outcome.aboveSeconds > 30)
    }

    @Test func oneFixedWorkerIsHalfAsFastAsItCouldBe() throws {
        let outcome = try run("pgroll", try short(.named("S1")))
        #expect(abs(outcome.efficiency - 0.49) < 0.03)
        #expect(outcome.aboveSeconds == 0)
    }

    @Test func pausingAtALagIsTooLateOnceReplayIsSlow() throws {
        // The study's own plant gives 14.6 s and 50 s for this rule.
        let outcome = try run("gh-ost", try #require(Scenario.named("S2")))
        #expect(outcome.lagSecondsMax > 12 && outcome.lagSecondsMax < 18)
        #expect(outcome.aboveSeconds > 30)
    }

    @Test func everyRivalRunsInEveryScenario() throws {
        for scenario in Scenario.all {
            var brief = scenario
            brief.seconds = 10
            for contender in Contender.rivals {
                let outcome = contender.run(brief, seed: 1)
                #expect(outcome.efficiency > 0, "\(contender.id) in \(scenario.id)")
            }
        }
    }

    @Test func withoutABudgetTheServersPeakIsFound() throws {
        // No replica, no measured application: only what more workers gain says how many.
        var scenario = try #require(Scenario.named("S8"))
        scenario.seconds = 200
        scenario.cores = 32
        scenario.load = { _ in 0 }
        let steering = SluiceController(foregroundBudgetSeconds: nil)
        let outcome = PlantRun.run(scenario, steering, seed: 1)
        #expect(outcome.efficiency > 0.8, "\(outcome)")
    }
}
