import Testing

@testable import Sluice

/// Where workers rest; the limit ends a rest that nobody ends.
@Suite(.timeLimit(.minutes(1))) struct RestsTests {
    /// Longer than the tests' limit.
    private static let forEver = 3_600.0

    @Test func whoRestsIsWokenAndMayRestAgain() async {
        let rests = Rests()
        await withTaskGroup { group in
            for _ in 0..<3 { group.addTask { await rests.rest(seconds: Self.forEver) } }
            // Each look wakes those that rest by now; the last one to come is met as well.
            group.addTask {
                while !Task.isCancelled {
                    rests.wake()
                    await Task.yield()
                }
            }
            for _ in 0..<3 { await group.next() }
            group.cancelAll()
        }
    }

    @Test func nobodyRestsOnceItIsOver() async {
        let rests = Rests()
        await withTaskGroup { group in
            group.addTask { await rests.rest(seconds: Self.forEver) }
            rests.end()
            await group.waitForAll()
        }
        await rests.rest(seconds: Self.forEver)
    }

    @Test func aRestEndsByItselfAndWithItsTask() async {
        let rests = Rests()
        for seconds in [0.001, 0.05] { await rests.rest(seconds: seconds) }
        await withTaskGroup { group in
            group.addTask { await rests.rest(seconds: Self.forEver) }
            group.cancelAll()
            await group.waitForAll()
        }
    }
}
