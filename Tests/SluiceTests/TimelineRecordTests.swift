import Testing

@testable import Sluice

@Suite struct TimelineRecordTests {
    @Test func whateverIsLowerThanTheHighestEverMetIsOld() {
        let record = TimelineRecord(2)
        #expect(record.judge(1) == .older)
        #expect(record.judge(2) == .known)
        #expect(record.judge(3) == .newer)
        record.raise(to: 3)
        #expect(record.judge(2) == .older)
        record.raise(to: 1)
        #expect(record.judge(3) == .known)
    }
}
