import Testing

@testable import SluiceCore

@Suite struct ReplicaWindowTests {
    /// A primary that writes evenly and a replica that replays at a rate.
    private struct Pair {
        var window = ReplicaWindow()
        var now = 0.0
        var end = 0.0
        var replayed = 0.0
        var writes = 8e6
        var replays = 10e6
        var isConnected = true
        /// The slot that it has, and those that there are.
        var slot: String?
        var slots: [String]? = []
        var limits = ReplicaWindow.Limits(maxLagSeconds: 10)

        /// One poll after a quarter of a second.
        mutating func poll(isVisible: Bool = true) -> ReplicaWindow.Decision {
            now += 0.25
            end += writes * 0.25
            if isConnected { replayed = min(end, replayed + replays * 0.25) }
            let sighting = ReplicaSighting(
                id: "a", flushed: UInt64(isConnected ? end : replayed),
                replayed: UInt64(replayed), isConnected: true, slot: slot)
            let replicas: [ReplicaSighting] = isConnected ? [sighting] : []
            return window.step(
                ReplicaWindow.Observation(
                    nowSeconds: now, primaryPosition: UInt64(end),
                    replicas: isVisible ? replicas : nil, slots: slots), limits)
        }

        mutating func polls(_ seconds: Double) -> ReplicaWindow.Decision {
            var decision = ReplicaWindow.Decision()
            for _ in 0..<Int(seconds * 4) { decision = poll() }
            return decision
        }
    }

    @Test func aReplicaThatKeepsUpLeavesTheGateOpen() {
        var pair = Pair()
        let decision = pair.polls(60)
        #expect(decision.stop == nil)
        #expect(decision.outstandingBytes < decision.windowBytes)
        #expect(decision.lagSeconds == 0)
    }

    @Test func whatIsBelievedOfAReplicaDoublesWithEachPollAtTheStart() {
        // It writes what it may, and the replica replays all of it: nothing is known but that.
        var pair = Pair()
        pair.replays = 1e9
        pair.writes = 1e6
        var rates: [Double] = []
        for _ in 0..<8 {
            let decision = pair.poll()
            rates.append(decision.applyBytesPerSecond ?? 0)
            pair.writes = min(60e6, decision.paceBytesPerSecond)
        }
        #expect(rates[0] == ApplyRate.unknown)
        // At the second poll, long before a whole span.
        #expect(rates[1] > 5 * ApplyRate.unknown, "\(rates)")
        #expect(rates.last == 60e6, "\(rates)")
        // It proves slower: all that was believed is paid back within some seconds of its work.
        pair.replays = 20e6
        var worst = 0.0
        for _ in 0..<40 {
            let decision = pair.poll()
            worst = max(worst, decision.lagSeconds)
            let room = decision.windowBytes - decision.outstandingBytes
            pair.writes = max(0, min(decision.paceBytesPerSecond, room * 4))
        }
        #expect(worst < 5, "\(worst) s")
    }

    @Test func aReplyThatBringsManyMillisecondsAtOnceIsNoFasterReplica() {
        // Looks are 0.1 s apart, and what came in 0.2 s is reported in between.
        var rate = ApplyRate()
        func look(_ seconds: Double, _ replayed: Double) {
            rate.observe(
                replayed: replayed, queueBytes: 0, nowSeconds: seconds, elapsedSeconds: 0.1,
                isStartup: true)
        }
        look(0, 0)
        #expect(rate.bytesPerSecond == ApplyRate.unknown)
        look(0.05, 4e6)
        #expect(rate.bytesPerSecond == ApplyRate.unknown, "no look has passed")
        look(0.1, 4e6)
        #expect(rate.bytesPerSecond == 20e6)
    }

    @Test func theWindowFollowsTheApplyRateOfABusyReplica() {
        var pair = Pair()
        pair.writes = 20e6
        _ = pair.polls(5)
        pair.writes = 10e6
        let fast = pair.polls(10)
        pair.replays = 2.5e6
        pair.writes = 2.5e6
        let slow = pair.polls(10)
        let ratio = fast.windowBytes / slow.windowBytes
        #expect(ratio > 3.5 && ratio < 4.5)
    }

    /// A primary that writes from its second second on, and a replica a second away from it.
    @Test func theFirstLogAfterARestDoesNotShortenTheWay() {
        var window = ReplicaWindow()
        var ends: [Double] = []
        func poll(writes: Double) -> ReplicaWindow.Decision {
            ends.append((ends.last ?? 0) + writes * 0.25)
            let arrived = ends.count > 4 ? ends[ends.count - 5] : 0
            let sighting = ReplicaSighting(
                id: "a", flushed: UInt64(arrived), replayed: UInt64(arrived), isConnected: true)
            return window.step(
                ReplicaWindow.Observation(
                    nowSeconds: Double(ends.count) * 0.25,
                    primaryPosition: UInt64(ends[ends.count - 1]), replicas: [sighting]),
                ReplicaWindow.Limits(maxLagSeconds: 10))
        }
        func windowSeconds(_ decision: ReplicaWindow.Decision) -> Double {
            decision.windowBytes / (decision.applyBytesPerSecond ?? .nan)
                / ReplicaWindow.startupGain
        }
        for _ in 0..<4 { _ = poll(writes: 0) }
        var decision = ReplicaWindow.Decision()
        for _ in 0..<16 { decision = poll(writes: 8e6) }
        #expect(windowSeconds(decision) > 1.1, "a second under way is nobody's backlog")
        // A minute in which nothing is written, and so nothing is known of the way.
        for _ in 0..<240 { decision = poll(writes: 0) }
        #expect(windowSeconds(decision) > 1.1)
        for _ in 0..<8 { decision = poll(writes: 8e6) }
        #expect(windowSeconds(decision) > 1.1)
    }

    /// What arrives first was written before anybody looked.
    @Test func aPrimaryThatWritesFromBeforeDoesNotShortenTheWay() {
        var window = ReplicaWindow()
        var decision = ReplicaWindow.Decision()
        for poll in 1...12 {
            let end = 100e6 + Double(poll) * 2e6
            let arrived = UInt64(end - 8e6)
            decision = window.step(
                ReplicaWindow.Observation(
                    nowSeconds: Double(poll) * 0.25, primaryPosition: UInt64(end),
                    replicas: [
                        ReplicaSighting(
                            id: "a", flushed: arrived, replayed: arrived, isConnected: true)
                    ]),
                ReplicaWindow.Limits(maxLagSeconds: 10))
        }
        let rate = decision.applyBytesPerSecond ?? .nan
        #expect(decision.windowBytes / rate / ReplicaWindow.startupGain > 1.1)
    }

    /// Who looks each second and a quarter sees a heartbeat's log where it began and where it ends.
    @Test func whatIsLookedAtSeldomDoesNotShortenTheWay() {
        var clock = LagClock()
        clock.observe(position: 100, nowSeconds: 0)
        clock.observe(position: 200, nowSeconds: 1.25)
        #expect(clock.ageSeconds(of: 200, nowSeconds: 1.25) == nil)
        #expect(clock.ageSeconds(of: 100, nowSeconds: 1.25) == nil, "reached before the first")
        clock.observe(position: 300, nowSeconds: 1.5)
        #expect(clock.ageSeconds(of: 150, nowSeconds: 1.5) == nil)
        #expect(clock.ageSeconds(of: 250, nowSeconds: 1.5) == 0.125)
        #expect(clock.ageSeconds(of: 300, nowSeconds: 1.75) == 0.25)
        #expect(clock.ageSeconds(of: 400, nowSeconds: 1.75) == 0)
    }

    @Test func theWindowGrowsWithTheLimitAndKeepsItsBounds() {
        var last = 0.0
        for limit in [1.0, 3, 5, 10, 20, 50, 100] {
            let standing = ReplicaWindow.standingSeconds(maxLagSeconds: limit)
            #expect(standing >= last)
            #expect(standing >= 0.25 && standing <= 2)
            last = standing
        }
    }

    @Test func aReplicaThatStandsStillShrinksTheWindowAndStopsEverything() {
        var pair = Pair()
        let before = pair.polls(60)
        pair.replays = 0
        var stops: [Double] = []
        for _ in 0..<40 {
            let decision = pair.poll()
            if decision.stop != nil { stops.append(pair.now - 60) }
            if decision.outstandingBytes > decision.windowBytes { stops.append(pair.now - 60) }
        }
        #expect((stops.first ?? 99) <= 2)
        #expect(pair.poll().windowBytes < 0.2 * before.windowBytes)
    }

    @Test func anEmergencyEndsLaterThanItBegins() {
        var pair = Pair()
        _ = pair.polls(60)
        pair.replays = 0
        _ = pair.polls(20)
        #expect(pair.poll().stop != nil)
        // Replay comes back: the stop holds until little is left, not until just below its start.
        pair.replays = 40e6
        pair.writes = 0
        var reopened: ReplicaWindow.Decision?
        for _ in 0..<200 where reopened == nil {
            let decision = pair.poll()
            if decision.stop == nil { reopened = decision }
        }
        let lag = reopened?.lagSeconds ?? 99
        #expect(lag <= ReplicaWindow.lagResumeShare * 10)
    }

    @Test func aStopDoesNotChatter() {
        var pair = Pair()
        _ = pair.polls(60)
        var changes = 0
        var wasStopped = false
        for step in 0..<400 {
            // Replay that comes and goes, with a mean below what is written.
            pair.replays = (step / 8).isMultiple(of: 2) ? 0 : 12e6
            let isStopped = pair.poll().stop != nil
            if isStopped != wasStopped { changes += 1 }
            wasStopped = isStopped
        }
        #expect(changes <= 12)
    }

    @Test func signalsThatCannotBeSeenCloseTheGateUnlessItIsOff() {
        var pair = Pair()
        _ = pair.polls(60)
        #expect(pair.poll(isVisible: false).stop == .signalsMissing)
        pair.limits.maxLagSeconds = nil
        #expect(pair.poll(isVisible: false).stop == nil)
        #expect(pair.poll().windowBytes == .infinity)
    }

    @Test func aReplicaThatIsGoneStopsEverythingAndItsLagGrows() {
        var pair = Pair()
        _ = pair.polls(60)
        pair.isConnected = false
        let gone = pair.polls(10)
        guard case .replicaMissing(let id, let seconds) = gone.stop else {
            Issue.record("not missing: \(String(describing: gone.stop))")
            return
        }
        #expect(id == "a")
        #expect(abs(seconds - 10) < 0.5)
        #expect(gone.lagSeconds > 9)
        pair.isConnected = true
        pair.replays = 100e6
        #expect(pair.polls(5).stop == nil)
    }

    @Test func aReplicaIsForgottenOnceItsSlotWasDroppedAndNotForBeingGone() {
        for slot in ["a", nil] {
            var pair = Pair()
            pair.slot = slot
            pair.slots = ["a", "b"]
            _ = pair.polls(60)
            pair.isConnected = false
            #expect(pair.polls(3_600).stop != nil)
            pair.slots = nil
            #expect(pair.poll().stop != nil, "nothing is known of slots")
            pair.slots = ["b"]
            let dropped = pair.poll()
            #expect((dropped.stop == nil) == (slot != nil))
            #expect((dropped.windowBytes == .infinity) == (slot != nil))
            // Back with another one it counts like any other.
            pair.isConnected = true
            pair.replays = 1_000e6
            pair.slot = "b"
            #expect(pair.polls(40).windowBytes < .infinity)
            pair.isConnected = false
            #expect(pair.poll().stop != nil)
        }
    }

    @Test func turningTheLimitOffForgetsWhoIsMissingJustThen() {
        var pair = Pair()
        func offAndOn() -> ReplicaWindow.Decision {
            pair.limits.maxLagSeconds = nil
            _ = pair.polls(5)
            pair.limits.maxLagSeconds = 10
            return pair.polls(5)
        }
        _ = pair.polls(60)
        pair.isConnected = false
        #expect(pair.polls(600).stop != nil)
        let forgotten = offAndOn()
        #expect(forgotten.stop == nil && forgotten.windowBytes == .infinity)
        // One that goes while the limit is off is missed once it is on again.
        pair.isConnected = true
        pair.replays = 1_000e6
        _ = pair.polls(40)
        pair.limits.maxLagSeconds = nil
        _ = pair.poll()
        pair.isConnected = false
        _ = pair.polls(5)
        pair.limits.maxLagSeconds = 10
        #expect(pair.polls(5).stop != nil)
        // And one that is there is kept.
        pair.isConnected = true
        _ = pair.polls(5)
        #expect(offAndOn().windowBytes < .infinity)
        pair.isConnected = false
        #expect(pair.poll().stop != nil)
    }

    @Test func aRequiredReplicaIsNeverForgotten() {
        var pair = Pair()
        pair.limits.requiredReplicas = ["a"]
        pair.slot = "a"
        pair.slots = ["a"]
        _ = pair.polls(60)
        pair.isConnected = false
        pair.slots = []
        #expect(pair.polls(5).stop != nil, "its slot was dropped")
        pair.limits.maxLagSeconds = nil
        #expect(pair.poll().stop == nil)
        pair.limits.maxLagSeconds = 10
        guard case .replicaMissing("a", let seconds) = pair.poll().stop else {
            Issue.record("not missing")
            return
        }
        #expect(seconds > 5 && seconds < 7)
    }

    @Test func aMissingReplicaIsNamedWithItsCure() {
        let missing = WaitReason.replicaMissing(replica: "east", missingSeconds: 40)
        let words = missing.words(Limits())
        for piece in ["east is gone since 40.0 s", "drop its slot", "--max-lag off", "tuned back"] {
            #expect(words.contains(piece), "\(words)")
        }
        #expect(
            missing.words(Limits(), required: ["east"])
                == "replica east is gone since 40.0 s: bring it back, or use --max-lag off")
    }

    @Test func aShortVisitIsNoReplica() {
        var pair = Pair()
        _ = pair.polls(20)
        pair.isConnected = false
        let decision = pair.polls(5)
        #expect(decision.stop == nil)
        #expect(decision.windowBytes == .infinity)
    }

    @Test func aRequiredReplicaIsMissedEvenIfItWasNeverSeen() {
        var pair = Pair()
        pair.limits.requiredReplicas = ["b"]
        let decision = pair.polls(5)
        guard case .replicaMissing("b", _) = decision.stop else {
            Issue.record("not missing: \(String(describing: decision.stop))")
            return
        }
    }

    @Test func aMissingReplicaCanBeGivenUpUntilItHasCaughtUp() {
        var pair = Pair()
        pair.limits.missing = .ignoreAfter(seconds: 20)
        _ = pair.polls(60)
        pair.isConnected = false
        #expect(pair.polls(15).stop != nil)
        #expect(pair.polls(10).stop == nil)
        pair.isConnected = true
        pair.replays = 12e6
        let catchingUp = pair.polls(2)
        #expect(catchingUp.stop == nil)
        #expect(catchingUp.windowBytes == .infinity)
        pair.replays = 1000e6
        #expect(pair.polls(2).windowBytes < .infinity)
    }

    @Test func aBaseBackupIsNeverWaitedFor() {
        var window = ReplicaWindow()
        let limits = ReplicaWindow.Limits(maxLagSeconds: 10)
        for second in 0..<100 {
            let backup = ReplicaSighting(
                id: "backup", flushed: UInt64(second), replayed: nil, isConnected: true)
            let decision = window.step(
                ReplicaWindow.Observation(
                    nowSeconds: Double(second), primaryPosition: UInt64(second) * 1_000_000,
                    replicas: [backup]), limits)
            #expect(decision.stop == nil)
            #expect(decision.windowBytes == .infinity)
        }
    }

    @Test func aLatePollDoesNotWidenTheWindow() {
        var pair = Pair()
        let before = pair.polls(60)
        pair.now += 30
        #expect(pair.poll().windowBytes < 3 * before.windowBytes)
    }
}
