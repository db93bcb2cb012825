import SluiceCore
import Testing

@Suite struct LimitsTests {
    @Test func theDefaultsAreSound() {
        #expect(Limits().problem == nil)
    }

    @Test(arguments: [
        (Limits(workers: 0...4), "workers"), (Limits(workers: 1...65), "workers"),
        (Limits(batchKeys: 0), "batch"), (Limits(batchKeys: -5), "batch"),
        (Limits(batchKeys: 1_000_001), "batch"), (Limits(maxLagSeconds: 0), "max-lag"),
        (Limits(maxLagSeconds: .nan), "max-lag"), (Limits(lockTimeoutMilliseconds: 0), "lock"),
        (Limits(lockTimeoutMilliseconds: 20_000), "statement-timeout"),
    ])
    func impossibleLimitsAreNamedWithTheirCure(limits: Limits, word: String) {
        #expect(limits.problem?.contains(word) == true)
        #expect(limits.problem?.contains("try") == true || word == "workers")
    }

    @Test func changesTouchOnlyWhatTheyName() {
        var changes = LimitChanges()
        #expect(changes.isEmpty)
        changes.maxLagSeconds = .some(nil)
        changes.batchKeys = 7
        var expected = Limits()
        expected.maxLagSeconds = nil
        expected.batchKeys = 7
        #expect(changes.applied(to: Limits()) == expected)
    }
}
