import Testing

@testable import SluiceBench

@Suite struct ConditionsTests {
    private static func figures(
        lag: Double? = nil, alone: Double? = nil, beside: Double? = nil
    ) -> CellFigures {
        var figures = CellFigures()
        figures.lagSecondsMax = lag
        figures.applicationAloneP95Seconds = alone
        figures.applicationP95Seconds = beside
        return figures
    }

    @Test func aLimitIsKeptOrNotOrNotThere() {
        let lag = Conditions(replicaShare: 0.1, lagSecondsMax: 3)
        #expect(lag.isKept(by: Self.figures(lag: 3)) == true)
        #expect(lag.isKept(by: Self.figures(lag: 3.1)) == false)
        #expect(lag.isKept(by: Self.figures()) == nil)
        let application = Conditions(applicationPerSecond: 200, applicationTimesMax: 2)
        #expect(application.isKept(by: Self.figures(alone: 0.001, beside: 0.002)) == true)
        #expect(application.isKept(by: Self.figures(alone: 0.001, beside: 0.0021)) == false)
        #expect(application.isKept(by: Self.figures(beside: 0.001)) == nil)
        #expect(Conditions.none.isKept(by: Self.figures(lag: 99)) == nil)
        #expect(Conditions.none.limit == nil)
        #expect(lag.limit == "the replica at most 3 s behind")
    }

    @Test func allCellsAreJudgedByOneMeasure() {
        // One look at the application alone found it slow, and the limit would have been thrice
        // that of the others.
        var section = Made.section([("single", [900, 910]), ("sluice", [300, 310])])
        let looks = [[0.003, 0.001], [0.001, 0.0009]]
        for (index, alone) in looks.enumerated() {
            for round in 0..<2 {
                section.entries[index].rounds[round].applicationAloneP95Seconds = alone[round]
                section.entries[index].rounds[round].applicationP95Seconds = 0.0021
            }
        }
        section.entries[1].rounds[1].applicationP95Seconds = 0.0019
        let conditions = Conditions(applicationPerSecond: 200, applicationTimesMax: 2)
        #expect(conditions.isKept(by: section.entries[0].rounds[0]) == true, "by its own")
        section.judge(by: conditions)
        let kept = section.entries.map { $0.rounds.map(\.keepsLimit) }
        #expect(kept == [[false, false], [false, true]])
        section.judge(by: .none)
        #expect(section.entries.allSatisfy { $0.keepsLimit == nil })
    }

    /// What nobody could measure does not stand before those that kept the limit.
    @Test func whatIsNotMeasuredIsNotKept() {
        var section = Made.section([("single", [900, 910]), ("sluice", [300, 310])])
        section.entries[1].rounds[0].lagSecondsMax = 1
        section.entries[1].rounds[1].lagSecondsMax = 1
        section.judge(by: Conditions(replicaShare: 0.1, lagSecondsMax: 3))
        #expect(section.entries.map(\.keepsLimit) == [false, true])
    }

    @Test func sluiceIsToldTheMiddleOfAllLooks() {
        let conditions = Conditions(applicationPerSecond: 200, applicationTimesMax: 2)
        let first = conditions.limits(alone: 0.003, before: [], probe: "SELECT 1")
        #expect(first.applicationSecondsMax == 0.006 && first.probe == "SELECT 1")
        let third = conditions.limits(alone: 0.003, before: [0.001, 0.001], probe: "SELECT 1")
        #expect(third.applicationSecondsMax == 0.002)
        let lag = Conditions(replicaShare: 0.1, lagSecondsMax: 3)
        let told = lag.limits(alone: nil, before: [], probe: nil)
        #expect(told.lagSecondsMax == 3 && told.applicationSecondsMax == nil && told.probe == nil)
    }

    @Test func whoDoesNotKeepTheLimitComesAfterWhoDoes() {
        var section = Made.section([
            ("single", [900, 910]), ("fixed-2x5000", [500, 510]), ("sluice", [300, 310]),
            ("modulo", [305, 306]),
        ])
        for (index, keeps) in [false, false, true, true].enumerated() {
            for round in section.entries[index].rounds.indices {
                section.entries[index].rounds[round].keepsLimit = keeps
            }
        }
        // One round over it is over it.
        section.entries[1].rounds[0].keepsLimit = true
        let places = Verdict(section).places
        #expect(places.map(\.strategy) == ["modulo", "sluice", "single", "fixed-2x5000"])
        #expect(places.map(\.keepsLimit) == [true, true, false, false])
        #expect(places[1].isTieWithFirst == true)
        #expect(places[2].isTieWithFirst == nil, "it has no place")
        #expect(places[0].overFixed == 305.5 / 505, "a reference all the same")
    }

    @Test func scenariosWithALimitHaveWhatItIsAbout() {
        for scenario in ScenarioList.all {
            let conditions = scenario.conditions
            if conditions.applicationTimesMax != nil {
                #expect(conditions.applicationPerSecond != nil)
            }
        }
        #expect(ScenarioList.all.count { $0.conditions.limit != nil } == 2)
    }
}
