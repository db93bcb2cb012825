import SluiceCore
import Testing

@testable import Sluice

/// What of a job is kept from one reading of its tables to the next.
@Suite struct PlannedJobTests {
    @Test func whatIsKnownOfATableIsKeptWhileTheTableIsTheSame() {
        var facts = LaneFacts()
        facts.otherIndexes = 3
        let read = BatchMessagesTests.job()
        var asked = read
        asked.parts[0].laneFacts = facts
        #expect(read.keeping(laneFactsOf: asked).parts.map(\.laneFacts) == [facts, nil])
        #expect(read.keeping(laneFactsOf: read).parts.map(\.laneFacts) == [nil, nil])

        let changes: [(inout PlannedPart) -> Void] = [
            { $0.isPhysical = true }, { $0.wideColumns = ["note"] },
            { $0.driver = DrivingIndex(name: "due", keysEstimateMost: 7) },
        ]
        for change in changes {
            var other = asked
            change(&other.parts[0])
            #expect(read.keeping(laneFactsOf: other).parts[0].laneFacts == nil)
        }
        var moved = asked
        moved.parts.removeFirst()
        #expect(moved.keeping(laneFactsOf: asked).parts.map(\.laneFacts) == [nil])
    }
}
