import SluiceCore
import Testing

@Suite struct HealthGateTests {
    /// A gate, and what it says at each value in turn.
    private static func closed(
        _ values: [Double], limits: Limits = Limits(),
        _ set: (inout ServerHealth, Double) -> Void
    ) -> [Bool] {
        var gate = HealthGate()
        return values.map { value in
            var seen = ServerHealth()
            set(&seen, value)
            return gate.decide(seen, limits) != nil
        }
    }

    @Test func aSlotMayNeedHalfOfWhatTheServerKeeps() {
        let values = [49, 50, 51, 45, 41, 40, 45, 51].map { $0 * 1e9 }
        let closed = Self.closed(values) { seen, bytes in
            seen.slotBytesMax = 100e9
            seen.slots = [
                .init(name: "b", retainedBytes: 1), .init(name: "a", retainedBytes: bytes),
                .init(name: "c", retainedBytes: 2),
            ]
        }
        #expect(closed == [false, false, true, true, true, false, false, true])
    }

    @Test func slotsWithoutABoundOrWithoutALagLimitHoldNothing() {
        #expect(
            Self.closed([1e15]) { seen, bytes in
                seen.slots = [.init(name: "a", retainedBytes: bytes)]
            } == [false])
        var off = Limits()
        off.maxLagSeconds = nil
        #expect(
            Self.closed([1e15], limits: off) { seen, bytes in
                seen.slotBytesMax = 1
                seen.slots = [.init(name: "a", retainedBytes: bytes)]
                seen.readerLagSeconds = 1e6
            } == [false])
    }

    @Test func theArchiveMayBeFortyTwoSegmentsBehind() {
        let closed = Self.closed([42, 43, 22, 21, 42, 43]) { seen, segments in
            seen.archiveWaiting = Int(segments)
        }
        #expect(closed == [false, true, true, false, false, true])
    }

    @Test func theLogsDiskIsTheUsersLimit() {
        var limits = Limits()
        limits.maxPgWalBytes = 1_000
        let closed = Self.closed([1_000, 1_001, 901, 900, 1_000], limits: limits) { seen, bytes in
            seen.pgWalBytes = bytes
        }
        #expect(closed == [false, true, true, false, false])
        #expect(Self.closed([1e15]) { $0.pgWalBytes = $1 } == [false])
    }

    @Test func aLimitOfWhatCannotBeSeenHolds() {
        var limits = Limits()
        limits.maxPgWalBytes = 20 << 30
        var gate = HealthGate()
        let reason = gate.decide(ServerHealth(), limits)
        #expect(reason?.contains("GRANT pg_monitor") == true)
        #expect(reason?.contains("--max-pg-wal off") == true)
        limits.maxPgWalBytes = nil
        #expect(gate.decide(ServerHealth(), limits) == nil)
    }

    @Test func readersThatNoWalsenderServesHaveAVeto() {
        let closed = Self.closed([5, 5.1, 2.6, 2.5, 5]) { $0.readerLagSeconds = $1 }
        #expect(closed == [false, true, true, false, false])
    }

    @Test func reasonsNameTheThingTheFigureAndTheCure() {
        var seen = ServerHealth()
        var gate = HealthGate()
        seen.slotBytesMax = Double(10 << 30)
        seen.slots = [.init(name: "east", retainedBytes: Double(6 << 30))]
        let slot = gate.decide(seen, Limits()) ?? ""
        for piece in ["slot east", "6.0 GB", "10.0 GB", "drop it", "--max-lag off"] {
            #expect(slot.contains(piece), "\(slot)")
        }
        seen.slots = []
        seen.archiveWaiting = 50
        let archive = gate.decide(seen, Limits()) ?? ""
        for piece in ["50 segments", "42", "archive_command"] {
            #expect(archive.contains(piece), "\(archive)")
        }
    }
}

@Suite struct HealthNotesTests {
    @Test func checkpointsThatTheRunForcedAreSaidOnce() {
        var notes = HealthNotes()
        func news(_ count: Int?) -> [String] {
            var seen = ServerHealth()
            seen.requestedCheckpoints = count
            return notes.news(seen)
        }
        #expect(news(100).isEmpty && news(102).isEmpty && news(nil).isEmpty)
        let said = news(103)
        #expect(said.count == 1 && said.first?.contains("3 checkpoints") == true, "\(said)")
        #expect(said.first?.contains("max_wal_size") == true)
        #expect(news(200).isEmpty)
    }

    @Test func statisticsThatWereResetBeginAgain() {
        var notes = HealthNotes()
        let counts = [100, 1, 3, 4].map { count in
            var seen = ServerHealth()
            seen.requestedCheckpoints = count
            return notes.news(seen).count
        }
        #expect(counts == [0, 0, 0, 1])
    }

    @Test func eachOldSnapshotIsSaidOnce() {
        var notes = HealthNotes()
        func news(_ id: String?) -> [String] {
            var seen = ServerHealth()
            seen.oldSnapshot = id.map { .init(id: $0, holder: "pid 7", ageSeconds: 660) }
            return notes.news(seen)
        }
        #expect(news("a").first?.hasPrefix("pid 7 holds a snapshot for 11 min") == true)
        #expect(news("a").isEmpty && news(nil).isEmpty && news("a").isEmpty)
        #expect(news("b").count == 1)
    }

    @Test func anArchiveThatMayNotBeSeenIsSaidOnceWithItsCure() {
        var notes = HealthNotes()
        var seen = ServerHealth()
        seen.archiveHiddenFrom = "app"
        let said = notes.news(seen)
        #expect(said.count == 1 && said.first?.hasSuffix("GRANT pg_monitor TO app") == true)
        #expect(notes.news(seen).isEmpty)
    }

    @Test func autovacuumOnTheTableIsSaidOnce() {
        var notes = HealthNotes()
        var seen = ServerHealth()
        seen.vacuumedTable = "t"
        #expect(notes.news(seen).first?.contains("autovacuum works on t") == true)
        #expect(notes.news(seen).isEmpty)
    }
}
