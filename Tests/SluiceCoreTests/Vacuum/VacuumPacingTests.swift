import Testing

@testable import SluiceCore

@Suite struct VacuumSettingTests {
    /// What is worth a vacuum, in thousands of dead rows, of a table of a million.
    @Test(
        arguments: [
            (VacuumSetting.off, 10.0, nil, false, nil), (.auto, 10, nil, false, 50.0),
            // Beside an application, and where nothing fills what is freed, as autovacuum.
            (.auto, 10, nil, true, 200), (.auto, 10, .ofPages, false, 200),
            (.auto, 10, .ofPages, true, 200),
            // Lanes along keys leave some in each page, and all are gone over.
            (.auto, 16, .ofKeys, false, 50), (.auto, 50.1, .ofKeys, false, 50.1),
            (.auto, 143, .ofKeys, false, 143), (.auto, 143, nil, false, 50),
            (.auto, 143, .ofKeys, true, 200), (.auto, 333, .ofKeys, true, 333),
            // Who says so means it.
            (.share(0.02), 143, .ofKeys, true, 20), (.share(0.5), 143, .ofPages, true, 500),
        ] as [(VacuumSetting, Double, VacuumSetting.Lanes?, Bool, Double?)])
    func whatIsWorthAVacuum(
        setting: VacuumSetting, pages: Double, lanes: VacuumSetting.Lanes?, isGentle: Bool,
        expected: Double?
    ) {
        let worth = setting.deadRowsWorth(
            rows: 1e6, pages: pages * 1_000, lanes: lanes, isGentle: isGentle)
        #expect(worth == expected.map { $0 * 1_000 })
    }

    /// Fewer than so many rows are never worth it, whatever the statistics know.
    @Test func aTableWithoutStatisticsIsSmall() {
        for rows in [-1.0, 0] {
            let worth = VacuumSetting.auto.deadRowsWorth(
                rows: rows, pages: 0, lanes: .ofKeys, isGentle: false)
            #expect(worth == 20_000)
        }
    }
}

@Suite struct VacuumPacingTests {
    private typealias Table = VacuumPacing.Table

    private func table(
        _ deadRows: Double, part: Int = 1, rows: Double = 1_000_000, pages: Double = 16_000,
        isTaken: Bool = false, vacuumedAt: Double = 0
    ) -> Table {
        Table(
            part: part, rows: rows, pages: pages, deadRows: deadRows, isTaken: isTaken,
            vacuumedAtSeconds: vacuumedAt)
    }

    /// One that has looked at a run that left nothing yet.
    private func fresh() -> VacuumPacing {
        var pacing = VacuumPacing()
        _ = pacing.due([], .auto, horizon: 0, next: .max, isHeld: false, nowSeconds: 0)
        return pacing
    }

    /// One look; transactions are counted by the time.
    private func due(
        _ pacing: inout VacuumPacing, _ tables: [Table], _ setting: VacuumSetting = .auto,
        isGentle: Bool = false, at seconds: Double, horizon: UInt64? = nil, isHeld: Bool = false
    ) -> Int? {
        let next = UInt64(1_000 + seconds)
        return pacing.due(
            tables, setting, isGentle: isGentle, horizon: horizon ?? next, next: next,
            isHeld: isHeld, nowSeconds: seconds)
    }

    @Test func eachTwentiethOfATableIsWorthAVacuum() {
        var pacing = fresh()
        var vacuums: [Double] = []
        for step in 0...100 {
            let dead = Double(step) * 10_000
            guard due(&pacing, [table(dead)], at: Double(step)) == 1 else { continue }
            vacuums.append(dead)
            pacing.ended(part: 1, isDone: true, nowSeconds: Double(step))
        }
        #expect(vacuums == stride(from: 50_000, through: 1_000_000, by: 50_000).map { $0 })
        // Small tables are autovacuum's, until they are written over and over.
        var small = fresh()
        #expect(due(&small, [table(19_999, rows: 10_000)], at: 1) == nil)
        #expect(due(&small, [table(20_000, rows: 10_000)], at: 2) == 1)
        var never = fresh()
        #expect(due(&never, [table(1e9)], .off, at: 1) == nil)
        var rare = fresh()
        #expect(due(&rare, [table(499_999)], .share(0.5), at: 1) == nil)
        #expect(due(&rare, [table(500_000)], .share(0.5), at: 2) == 1)
    }

    @Test func howATableIsFilledDecidesHowOften() {
        for (dead, pages, lanes, isGentle, expected) in [
            (60_000.0, 16_000.0, nil, false, 1), (60_000, 143_000, nil, false, 1),
            (60_000, 143_000, .ofKeys, false, nil), (143_000, 143_000, .ofKeys, false, 1),
            (199_999, 16_000, .ofPages, false, nil), (200_000, 16_000, .ofPages, false, 1),
            (199_999, 16_000, nil, true, nil), (200_000, 16_000, nil, true, 1),
        ] as [(Double, Double, VacuumSetting.Lanes?, Bool, Int?)] {
            var pacing = fresh()
            var table = table(dead, pages: pages)
            table.lanes = lanes
            _ = due(&pacing, [table], at: 1, horizon: 0)
            #expect(due(&pacing, [table], isGentle: isGentle, at: 2) == expected, "\(dead)")
        }
    }

    @Test func oneAtATimeAndTheWorstFirst() {
        var pacing = fresh()
        let tables = [table(60_000, part: 1), table(90_000, part: 2), table(70_000, part: 3)]
        #expect(due(&pacing, tables, at: 1) == 2)
        #expect(due(&pacing, [tables[1]], at: 2) == nil)
        pacing.ended(part: 2, isDone: true, nowSeconds: 3)
        #expect(due(&pacing, tables, at: 4) == 3)
        // What was left meanwhile counts from the vacuum's start.
        #expect(due(&pacing, [table(139_999, part: 2)], at: 5) == nil)
        #expect(due(&pacing, [table(140_000, part: 2)], at: 6) == 2)
    }

    @Test func whatCannotBeRemovedIsWaitedFor() {
        var pacing = fresh()
        // Somebody has read since before the run began.
        for (seconds, dead) in [(1.0, 10_000.0), (2, 30_000), (3, 60_000), (9, 900_000)] {
            #expect(due(&pacing, [table(dead)], at: seconds, horizon: 900) == nil)
        }
        // Half of a vacuum's worth was left by then.
        #expect(due(&pacing, [table(900_000)], at: 10, horizon: 1_001) == nil)
        #expect(due(&pacing, [table(900_000)], at: 11, horizon: 1_002) == 1)
    }

    @Test func whoIsInTheWayIsWaitedFor() {
        var pacing = fresh()
        #expect(due(&pacing, [table(60_000, isTaken: true)], at: 1) == nil)
        #expect(due(&pacing, [table(60_000)], at: 2, isHeld: true) == nil)
        #expect(due(&pacing, [table(60_000)], at: 3) == 1)
        pacing.ended(part: 1, isDone: false, nowSeconds: 4)
        #expect(due(&pacing, [table(80_000)], at: 63) == nil)
        #expect(due(&pacing, [table(80_000)], at: 64) == 1)
        // An end that nobody began changes nothing.
        pacing.ended(part: 9, isDone: true, nowSeconds: 65)
    }

    @Test func whatSomebodyElseVacuumedIsNotVacuumedAgain() {
        var pacing = fresh()
        #expect(due(&pacing, [table(30_000)], at: 1) == nil)
        // Another process, or autovacuum.
        #expect(due(&pacing, [table(60_000, vacuumedAt: 5)], at: 2) == nil)
        #expect(due(&pacing, [table(109_999, vacuumedAt: 5)], at: 3) == nil)
        #expect(due(&pacing, [table(110_000, vacuumedAt: 5)], at: 4) == 1)
        // Its own is not somebody else's: what was left meanwhile still counts.
        pacing.ended(part: 1, isDone: true, nowSeconds: 6)
        #expect(due(&pacing, [table(150_000, vacuumedAt: 9)], at: 7) == nil)
        #expect(due(&pacing, [table(160_000, vacuumedAt: 9)], at: 8) == 1)
    }

    @Test func whatWasLeftBeforeARunIsCarriedOnDoesNotCount() {
        var pacing = VacuumPacing()
        #expect(due(&pacing, [table(900_000)], at: 1) == nil)
        #expect(due(&pacing, [table(949_999)], at: 2) == nil)
        #expect(due(&pacing, [table(950_000), table(50_000, part: 2)], at: 3) == 1)
        // A table that comes later has all of it from this process on.
        #expect(due(&pacing, [table(50_000, part: 2)], at: 4) == 2)
    }

    @Test func sharesAreReadAsTheyAreWritten() {
        for setting in [VacuumSetting.off, .auto, .share(0.05), .share(0.001), .share(0.3333)] {
            #expect(VacuumSetting(text: setting.text) == setting)
        }
        #expect(VacuumSetting.share(0.123_45).text == "12.345%")
        #expect(VacuumSetting.auto.share == 0.05 && VacuumSetting.off.share == nil)
        for text in ["", "5", "0%", "1e9%", "nan%"] { #expect(VacuumSetting(text: text) == nil) }
    }
}
