import SluiceCore
import Testing

/// Reading the server's snapshots.
struct StartSnapshotTests {
    @Test func aSnapshotIsRead() throws {
        let quiet = try #require(StartSnapshot(text: "739:739:"))
        #expect(quiet.next == 739 && quiet.running.isEmpty)
        let busy = try #require(StartSnapshot(text: "8589934600:8589934610:8589934600,8589934603"))
        #expect(busy.next == 8_589_934_610)
        #expect(busy.runningShown == ["8", "11"])
    }

    @Test(arguments: ["", "1", "1:2", "a:2:", "1:b:", "1:2:3,x", "1:2:3:4", "-1:2:"])
    func anythingElseIsNone(_ text: String) {
        #expect(StartSnapshot(text: text) == nil)
    }
}
