import SluiceCore
import Testing

@testable import Sluice

@Suite struct HealthSQLTests {
    @Test func onlyWhatMayBeAskedIsAsked() {
        let bare = HealthSQL.look(HealthSQL.Facts(serverVersion: 160_000), seesLog: true)
        for word in ["pg_ls_waldir", "pg_ls_archive_statusdir", "aurora", "pg_stat_checkpointer"] {
            #expect(!bare.contains(word))
        }
        #expect(bare.contains("pg_stat_bgwriter"))
        let all = HealthSQL.look(
            HealthSQL.Facts(
                seesLog: true, seesArchive: true, hasReaders: true, serverVersion: 170_000),
            seesLog: true)
        for word in ["pg_ls_waldir", "pg_ls_archive_statusdir", "aurora", "pg_stat_checkpointer"] {
            #expect(all.contains(word))
        }
        #expect(!all.contains("pg_stat_bgwriter"))
        // The folder is read where somebody limits it only.
        #expect(
            !HealthSQL.look(HealthSQL.Facts(seesLog: true), seesLog: false)
                .contains("pg_ls_waldir"))
    }

    @Test func anAnswerIsRead() {
        let health = HealthObserver.health([
            #"[["a","5"],["b",null]]"#, "100", "3", "16777216", "0.02", "9",
            #"["7/x","alice","psql","7",null,"700"]"#, "t",
        ])
        #expect(health.slots == [.init(name: "a", retainedBytes: 5)])
        #expect(health.slotBytesMax == 100 && health.archiveWaiting == 3)
        #expect(health.pgWalBytes == 16_777_216 && health.readerLagSeconds == 0.02)
        #expect(health.requestedCheckpoints == 9 && health.vacuumedTable == "t")
        #expect(
            health.oldSnapshot
                == .init(id: "7/x", holder: "pid 7 (psql, user alice)", ageSeconds: 700))
        let none = HealthObserver.health(["[]", nil, nil, nil, nil, nil, nil, nil])
        #expect(none == ServerHealth())
        let prepared = HealthObserver.health([
            "[]", nil, nil, nil, nil, nil, #"["0/y","alice",null,"0","it's","60"]"#, nil,
        ])
        #expect(prepared.oldSnapshot?.holder == "the prepared transaction it's (user alice)")
    }
}
