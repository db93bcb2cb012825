import SluiceBench
import Testing

@Suite struct VerdictTests {
    @Test func placesAreByTheMedianWithRatiosToTheReferences() throws {
        let verdict = Verdict(
            Made.section([
                ("single", [100, 110, 90]), ("fixed-2x5000", [150, 160, 140]),
                ("fixed-4x5000", [200, 210, 190]), ("sluice", [400, 390, 410]),
                ("sluice-no-lanes", [395, 380, 405]),
            ]))
        #expect(
            verdict.places.map(\.strategy) == [
                "sluice", "sluice-no-lanes", "fixed-4x5000", "fixed-2x5000", "single",
            ])
        #expect(verdict.places[0].overSingle == 4)
        #expect(verdict.places[0].overFixed == 2, "the best of the fixed settings")
        #expect(verdict.places[0].isTieWithFirst == nil)
        #expect(verdict.places[1].isTieWithFirst == true)
        #expect(verdict.places[2].isTieWithFirst == false)
        #expect(!verdict.isNoisy)
    }

    @Test func whatFailedHasNoPlaceAndWithoutReferencesThereAreNoRatios() {
        var section = Made.section([("offset", [100, 100]), ("ctid", [900, 900])])
        section.entries[1].problem = "rows are wrong"
        let verdict = Verdict(section)
        #expect(verdict.places.map(\.strategy) == ["offset"])
        #expect(verdict.places[0].overSingle == nil && verdict.places[0].overFixed == nil)
    }

    @Test func aMachineWhoseRoundsDifferMuchIsCalledNoisy() {
        let calm = Verdict(Made.section([("single", [100, 110]), ("sluice", [400, 420])]))
        #expect(!calm.isNoisy)
        let noisy = Verdict(Made.section([("single", [100, 150]), ("sluice", [400, 700])]))
        #expect(noisy.isNoisy)
        let once = Verdict(Made.section([("single", [100])]))
        #expect(!once.isNoisy && once.noiseShare == nil)
    }

    @Test func aProblemThatIsTheStrategysIsAFailure() {
        var report = BenchReport(serverVersion: "15", settings: [:], cores: 2, rounds: 1)
        report.sections = [Made.section([("modulo", []), ("sluice", [1])])]
        #expect(!report.hasFailures)
        report.sections[0].entries[0].problem = "cannot: the key is no integer"
        #expect(!report.hasFailures)
        report.sections[0].entries[1].problem = "3 of 10 rows are not as they should be"
        #expect(report.hasFailures)
    }
}

/// Reports that nothing was measured for.
enum Made {
    static func section(_ rates: [(String, [Double])]) -> BenchReport.Section {
        BenchReport.Section(
            scenario: "indexes-3", title: "a title", rows: 1_000, rowsDue: 1_000,
            entries: rates.map { name, rounds in
                var entry = BenchReport.Entry(strategy: name, rule: "its rule")
                entry.rounds = rounds.map { rate in
                    var figures = CellFigures()
                    figures.rowsPerSecond = rate
                    return figures
                }
                return entry
            })
    }
}
