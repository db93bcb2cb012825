import Testing

@testable import SluiceCore

/// How many workers are found to pay, where no budget leads.
@Suite struct GainProbeTests {
    private typealias Server = WorkedServer

    @Test func withoutABudgetTheNumberGrowsAsLongAsItPays() {
        var server = Server()
        server.run(60)
        #expect(server.average == 16)
        var peaked = Server()
        peaked.contention = 0.06
        peaked.coherence = 0.02
        peaked.run(120)
        #expect(peaked.average >= 4 && peaked.average <= 9)
    }

    @Test func whileNothingRunsNothingIsLearned() {
        var server = Server()
        server.isRunning = false
        server.run(60)
        #expect(server.average == 2)
        server.isRunning = true
        server.run(20)
        #expect(server.average >= 8, "no try has failed meanwhile")
    }

    @Test func theMinuteUntilFewerAreTriedIsOneOfWork() {
        var server = Server.of(workers: 1...2)
        server.isRunning = false
        server.run(120)
        server.isRunning = true
        for _ in 0..<(50 * 4) {
            server.poll()
            #expect(server.average == 2)
        }
    }

    @Test func itBeginsWithTwoWorkersThoughBatchesWaitAtTheGate() {
        var server = Server()
        server.pollSeconds = 0.1
        server.waitShare = 0.9
        for _ in 0..<10 {
            server.poll()
            #expect(server.average == 2)
        }
        var alone = Server.of(workers: 1...1)
        alone.poll()
        #expect(alone.average == 1)
    }

    @Test func aGateDuringADoublingEndsIt() {
        var server = Server.of(workers: 1...8)
        while server.average < 4 { server.poll() }
        server.waitShare = 0.4
        server.run(1)
        server.waitShare = 0
        #expect(server.average == 2)
        server.run(10)
        #expect(server.average == 8, "it was nothing that they did")
    }

    @Test func aDoublingIsMeasuredOnceItsWorkersRun() {
        var server = Server.of(workers: 1...4)
        while server.average < 4 { server.poll() }
        // Two of them connect for a second and a half.
        server.running = 2
        for tick in 0..<(5 * 4) {
            if tick == 6 { server.running = nil }
            server.poll()
            #expect(server.average == 4)
        }
    }

    @Test func batchesThatEndNoRowAreNoFailure() {
        var server = Server.of(workers: 1...4)
        server.rowCost = .infinity
        server.run(20)
        server.rowCost = 1
        server.run(4)
        #expect(server.average == 4)
    }

    @Test func afterTheStartARiseIsJudgedByTheSmallSteps() {
        // Four change a fifth more than two: too little to double, enough to keep.
        var server = Server.of(workers: 4...4, contention: 0.6)
        server.run(30)
        server.limits.workers = 1...4
        server.run(5)
        server.othersWait = true
        server.poll()
        server.othersWait = false
        #expect(server.average < 4)
        server.run(15)
        #expect(server.average == 4, "locks let it rise again, and nothing is doubled")
    }

    @Test func aDoublingAtTheStartThatGainsLittleTwiceIsGivenUpSoon() {
        // Four change 1.1 times the rows of two, as on two cores.
        var server = Server.of(workers: 1...4, contention: 0.75)
        var pollsWithFour = 0
        for _ in 0..<(15 * 4) {
            server.poll()
            if server.average > 2 { pollsWithFour += 1 }
        }
        // Twice for as long as it takes to measure, a little over a second.
        #expect(pollsWithFour > 6 && pollsWithFour <= 12, "\(pollsWithFour)")
        #expect(server.average == 2)
        // With cores to spare they are kept.
        server = Server.of(workers: 1...4, contention: 0.3)
        server.run(4)
        #expect(server.average == 4)
    }

    @Test func aDearStretchDuringEachDoublingDoesNotEndTheStart() {
        var server = Server.of(workers: 1...16)
        for number in [4.0, 8, 16] {
            while server.average < number { server.poll() }
            // Rows cost twice as much while they are measured.
            server.rowCost = 2
            while server.average == number { server.poll() }
            #expect(server.average == number / 2)
            server.rowCost = 1
        }
        server.run(5)
        #expect(server.average == 16)
    }

    @Test func whoWasHeldAfterSomeSecondsOfWorkIsNotHalvedAfterwards() {
        var server = Server.of(workers: 1...2)
        server.run(10)
        server.isRunning = false
        server.run(600)
        server.isRunning = true
        for _ in 0..<(40 * 4) {
            server.poll()
            #expect(server.average == 2)
        }
    }

    @Test func aSecondWorkerThatGainsATenthIsKept() {
        // Two change 1.11 times, or 1.03 times, the rows of one.
        var gaining = Server.of(workers: 1...2, contention: 0.8)
        gaining.run(60)
        #expect(gaining.average == 2)
        var idle = Server.of(workers: 1...2, contention: 0.94)
        idle.run(10)
        #expect(idle.average == 2)
        idle.run(70)
        #expect(idle.average == 1)
    }

    @Test func afterAMinuteFewerAreTriedOnceAndKeptWhereTheyDoAsWell() {
        for (contention, kept) in [(0.0, 2.0), (0.98, 1.0)] {
            var server = Server.of(workers: 1...2, contention: contention)
            server.run(59)
            #expect(server.average == 2)
            var fewest = 2.0
            for _ in 0..<(12 * 4) {
                server.poll()
                fewest = min(fewest, server.average)
            }
            #expect(fewest == 1 && server.average == kept)
            // Nobody tries again what was found to be worse.
            for _ in 0..<(300 * 4) {
                server.poll()
                #expect(kept == 1 || server.average == 2)
            }
        }
    }

    @Test func aTrialThatLocksDisturbIsNotTheEnd() {
        var server = Server.of(workers: 1...2)
        server.runUntilFewerAreTried()
        // Others wait for locks every few seconds, for half a minute.
        for second in 0..<30 {
            server.othersWait = second % 3 == 0
            server.run(1)
        }
        server.othersWait = false
        let quiet = server.now
        while server.average < 2, server.now < quiet + 70 { server.poll() }
        #expect(server.average == 2)
    }
}
