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

    @Test func aQuarterOfNoisyStrategiesIsTooMany() {
        func verdict(noisy: Int, of all: Int) -> Verdict {
            var rates: [(String, [Double])] = [("once", [5])]
            for number in 0..<all {
                rates.append(("s-\(number)", number < noisy ? [100, 140] : [100, 101]))
            }
            return Verdict(Made.section(rates))
        }
        let few = verdict(noisy: 1, of: 5)
        #expect(!few.isNoisy && few.noisy == ["s-0"] && few.repeatedCount == 5)
        #expect(Caveats.noise(few) == nil)
        let many = verdict(noisy: 5, of: 20)
        #expect(many.isNoisy && (many.noiseShare ?? 1) < 0.02)
        #expect(
            Caveats.noise(many)
                == "the rounds of 5 of 20 strategies differ by more than 25 %: this machine is too "
                + "noisy for small differences")
        #expect(!verdict(noisy: 0, of: 2).isNoisy)
    }

    @Test func aNoisyReferenceIsEnough() {
        for name in [StrategyList.reference, StrategyList.ours] {
            var rates: [(String, [Double])] = [(name, [100, 140])]
            for number in 0..<9 { rates.append(("s-\(number)", [100, 101])) }
            let verdict = Verdict(Made.section(rates))
            #expect(verdict.isNoisy && verdict.noisy == [name])
            #expect(Caveats.noise(verdict)?.contains("1 of 10 strategies (\(name)) differ") == true)
        }
    }

    @Test func placesHaveAWord() {
        let places = Verdict(
            Made.section([("a", [400, 410]), ("b", [395, 405]), ("c", [100, 101])])
        ).places
        #expect(places.map(\.word) == ["first", "tie", nil])
        #expect(Verdict(Made.section([("a", [400])])).places.map(\.word) == [nil])
    }

    @Test func whatMakesFiguresWorthLittleIsSaid() {
        var report = BenchReport(serverVersion: "15", settings: [:], cores: 2, rounds: 2)
        report.sections = [Made.section([("single", [1, 2])])]
        #expect(Caveats.sentences(report) == [])
        report.rounds = 1
        report.loadBefore = 1.26
        report.sections[0].entries[0].rounds[0].applicationP95Seconds = 0.001
        let said = Caveats.sentences(report)
        #expect(said.count == 3)
        #expect(said[0].hasPrefix("one round: nothing is known of how much it varies"))
        #expect(said[1].hasPrefix("beside the application, WAL"))
        #expect(said[2].contains("(load 1.3): the figures are worth little"))
        report.cores = 0
        #expect(Caveats.sentences(report).count == 2, "the server's processors are not known")
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
