import SluiceCore
import Testing

@testable import Sluice

@Suite struct ReplicaObserverTests {
    private func row(
        at position: UInt64, hidden: Int = 0, replayed: UInt64? = nil, slots: String = "",
        catchingUp: Int = 0, streaming: Int = 1, timeline: Int = 1
    ) -> ReplicaObserver.Row {
        .init(
            walPosition: position, hiddenCount: hidden, replayed: replayed, inactiveSlots: slots,
            catchingUp: catchingUp, streamingCount: streaming, timeline: timeline)
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
