import SluiceCore
import Testing

@testable import Sluice

@Suite struct ReplicaObserverTests {
    private func row(
        at position: UInt64, hidden: Int = 0, replayed: UInt64? = nil, slots: String = "",
        catchingUp: Int = 0, streaming: Int = 1, timeline: Int = 1, kept: [String]? = nil,
        of connected: [String] = []
    ) -> ReplicaObserver.Row {
        .init(
            walPosition: position, hiddenCount: hidden, replayed: replayed, inactiveSlots: slots,
            catchingUp: catchingUp, streamingCount: streaming, timeline: timeline, slots: kept,
            replicaSlots: connected)
    }

    @Test func withoutWalsenderAndSlotThereIsNothingToWaitFor() {
        var observer = ReplicaObserver()
        #expect(observer.observe(row: row(at: 1), nowSeconds: 0) == .noReplica)
    }

    @Test func detailsThatThisRoleMayNotSeeAreNoProofOfHealth() {
        var observer = ReplicaObserver()
        let seen = observer.observe(row: row(at: 1, hidden: 1), nowSeconds: 0)
        guard case .unobservable(let reason) = seen else {
            Issue.record("\(seen)")
            return
        }
        #expect(reason.contains("GRANT pg_monitor"))
    }

    @Test func aSlotWithoutAReplicaMeansThatOneIsMissing() {
        var observer = ReplicaObserver()
        let seen = observer.observe(
            row: row(at: 1, replayed: 1, slots: "standby_1"), nowSeconds: 0)
        guard case .unobservable(let reason) = seen else {
            Issue.record("\(seen)")
            return
        }
        #expect(reason.contains("standby_1"))
    }

    @Test func aReplicaThatVanishesIsBehindAndNotAbsent() {
        var observer = ReplicaObserver()
        #expect(observer.observe(row: row(at: 9, replayed: 9), nowSeconds: 0) == .lag(seconds: 0))
        let gone = observer.observe(row: row(at: 10), nowSeconds: 1)
        #expect(gone != .noReplica && gone.lagSeconds == nil)
    }

    @Test func aReplicaWhoseSlotWasDroppedIsNotMissed() {
        for slots in [["a"], []] {
            var observer = ReplicaObserver()
            _ = observer.observe(
                row: row(at: 9, replayed: 9, kept: ["a"], of: slots), nowSeconds: 0)
            let away = observer.observe(row: row(at: 9, kept: ["a"]), nowSeconds: 1)
            #expect(away != .noReplica)
            let dropped = observer.observe(row: row(at: 9, kept: []), nowSeconds: 2)
            #expect((dropped == .noReplica) == !slots.isEmpty, "one without a slot is")
        }
    }

    @Test func ofTwoReplicasTheOneThatIsLeftIsMissed() {
        for slots in [["a"], ["a", "b"]] {
            var observer = ReplicaObserver()
            _ = observer.observe(
                row: row(at: 9, replayed: 9, streaming: 2, kept: slots, of: slots), nowSeconds: 0)
            let left = slots.filter { $0 != "a" }
            let gone = observer.observe(row: row(at: 9, kept: left), nowSeconds: 1)
            #expect(gone != .noReplica && gone.lagSeconds == nil)
        }
    }

    @Test func afterAFailoverOnlyTheSlotsOfTheNewPrimarySayWhoIsGone() {
        var observer = ReplicaObserver()
        _ = observer.observe(
            row: row(at: 9, replayed: 9, streaming: 2, kept: ["a", "b"], of: ["a", "b"]),
            nowSeconds: 0)
        let promoted = observer.observe(row: row(at: 9, timeline: 2, kept: []), nowSeconds: 1)
        #expect(promoted != .noReplica, "the other one is still to come")
        _ = observer.observe(
            row: row(at: 9, replayed: 9, timeline: 2, kept: ["b"], of: ["b"]), nowSeconds: 2)
        let dropped = observer.observe(row: row(at: 9, timeline: 2, kept: []), nowSeconds: 3)
        #expect(dropped == .noReplica)
    }

    @Test func turningTheLimitOffForgetsWhoIsMissing() {
        var observer = ReplicaObserver()
        observer.follow(maxLagSeconds: 10)
        _ = observer.observe(row: row(at: 9, replayed: 9), nowSeconds: 0)
        observer.follow(maxLagSeconds: 10)
        #expect(observer.observe(row: row(at: 9), nowSeconds: 1) != .noReplica)
        observer.follow(maxLagSeconds: nil)
        #expect(observer.observe(row: row(at: 9), nowSeconds: 2) == .noReplica)
        observer.follow(maxLagSeconds: 10)
        #expect(observer.observe(row: row(at: 9), nowSeconds: 3) == .noReplica)
        // One that goes while the limit is off is missed once it is on again.
        observer.follow(maxLagSeconds: nil)
        _ = observer.observe(row: row(at: 9, replayed: 9), nowSeconds: 4)
        observer.follow(maxLagSeconds: nil)
        observer.follow(maxLagSeconds: 10)
        #expect(observer.observe(row: row(at: 9), nowSeconds: 5) != .noReplica)
    }

    @Test func slotsAreReadFromTheServersAnswer() {
        var observer = ReplicaObserver()
        let replicas = #"[["a","7","6","a"],["b@::1","7","7",null]]"#
        _ = observer.observe(
            ["7", "0", "6", "", "0", nil, "2", "1", replicas, #"["a","late"]"#], nowSeconds: 0)
        #expect(observer.slots == ["a", "late"])
        #expect(observer.sightings?.map(\.slot) == ["a", nil])
        #expect(observer.sightings?.map(\.id) == ["a", "b@::1"])
    }

    @Test func replicasThatAreAskedThemselvesCountInTheLagThatIsReported() {
        var observer = ReplicaObserver()
        for second in UInt64(0)...10 {
            _ = observer.observe(row: row(at: second * 100), nowSeconds: Double(second))
        }
        func lag(_ seen: LagObservation, _ replayed: [UInt64?]) -> Double? {
            let asked = replayed.map {
                ReplicaSighting(id: "b", flushed: nil, replayed: $0, isConnected: false)
            }
            return observer.lagSeconds(seen, asked: asked, nowSeconds: 10)
        }
        // After four seconds the log went beyond 350.
        #expect(lag(.noReplica, [350]) == 6)
        #expect(lag(.unobservable(reason: "hidden"), [1_000, 350, nil]) == 6)
        #expect(lag(.lag(seconds: 7), [350]) == 7)
        #expect(lag(.lag(seconds: 0.5), [1_000]) == 0.5)
        #expect(lag(.lag(seconds: 0.5), []) == 0.5)
        #expect(lag(.noReplica, []) == nil)
    }

    @Test func theOnlyReplicaIsNotMissedOnceItIsThePrimary() {
        var observer = ReplicaObserver()
        _ = observer.observe(row: row(at: 9, replayed: 9), nowSeconds: 0)
        let promoted = observer.observe(row: row(at: 9, timeline: 2), nowSeconds: 1)
        #expect(promoted == .noReplica)
    }

    @Test func theOtherReplicaIsMissedUntilItFollowsTheNewPrimary() {
        var observer = ReplicaObserver()
        _ = observer.observe(row: row(at: 9, replayed: 9, streaming: 2), nowSeconds: 0)
        let promoted = observer.observe(row: row(at: 9, timeline: 2), nowSeconds: 1)
        #expect(promoted != .noReplica && promoted.lagSeconds == nil)
        let back = observer.observe(row: row(at: 9, replayed: 9, timeline: 2), nowSeconds: 2)
        #expect(back == .lag(seconds: 0))
    }
}
