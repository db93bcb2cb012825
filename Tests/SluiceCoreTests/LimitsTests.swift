import Testing

@testable import SluiceCore

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
        expected.sizesBatches = false
        #expect(changes.applied(to: Limits()) == expected)
    }

    @Test func aNumberOfKeysIsFixedAndNoneIsNominal() {
        #expect(Limits().sizesBatches && Limits().batchKeys == 5_000)
        #expect(!Limits(batchKeys: 5_000).sizesBatches)
        var fixed = LimitChanges()
        fixed.batchKeys = 7
        #expect(!fixed.applied(to: Limits()).sizesBatches)
        var sized = LimitChanges()
        sized.sizesBatches = true
        #expect(sized.applied(to: Limits(batchKeys: 7)) == Limits())
        #expect(fixed.over(sized).applied(to: Limits()) == Limits(batchKeys: 7))
        #expect(sized.over(fixed).applied(to: Limits(batchKeys: 9)) == Limits())
    }

    @Test func throttlesCanBeGivenAndLifted() {
        var changes = LimitChanges()
        changes.maxRowsPerSecond = .some(5)
        changes.batchSecondsMax = .some(0.1)
        changes.throttleQuery = .some("SELECT true")
        changes.window = .some(RunWindow(spans: [.init(from: 0, to: 9)], zone: "UTC"))
        let limits = changes.applied(to: Limits())
        #expect(limits.hasThrottle && !Limits().hasThrottle)
        #expect(limits.batchSecondsMax == 0.1)
        #expect(limits.maxRowsPerSecond == 5 && limits.problem == nil)
        var lifted = LimitChanges()
        lifted.maxRowsPerSecond = .some(nil)
        lifted.batchSecondsMax = .some(nil)
        lifted.throttleQuery = .some(nil)
        lifted.window = .some(nil)
        #expect(lifted.applied(to: limits) == Limits())
        #expect(lifted.over(changes).applied(to: limits) == Limits())
        #expect(changes.over(lifted).applied(to: Limits()) == limits)
        #expect(!lifted.isEmpty)
    }

    /// What the law is told of limits.
    private static func told(_ limits: Limits) -> AdaptiveControl.Limits? {
        let steering = BatchSteering(limits: limits, isTraced: true)
        guard case .limits(let told)? = steering.trace?.first else { return nil }
        return told
    }

    @Test func whatIsSetForAnApplicationHoldsBesideOneOnly() throws {
        var limits = Limits()
        #expect(limits.batchCommit == "off")
        limits.foregroundBudget = .seconds(0.01)
        #expect(limits.batchCommit == "local")
        // The law is told, and not only the rest.
        let told = try #require(Self.told(limits))
        #expect(told.batchSecondsMax == 0.0075)
        #expect(abs((told.workers.foregroundBudgetSeconds ?? 0) - 0.007) < 1e-9)
    }

    @Test func batchesAreShortBesideAnApplication() {
        var limits = Limits()
        #expect(limits.batchSecondsBound == nil)
        limits.batchSecondsMax = 0.1
        #expect(limits.batchSecondsBound == 0.1)
        limits.foregroundBudget = .seconds(0.01)
        #expect(limits.batchSecondsBound == 0.0075)
        limits.foregroundBudget = .seconds(1)
        #expect(limits.batchSecondsBound == 0.1, "the user's is less")
        limits.batchSecondsMax = nil
        limits.foregroundBudget = .multiple(1.5)
        #expect(limits.batchSecondsBound == LatencyBudget.batchSecondsLeast, "not known yet")
        limits.foregroundAloneSeconds = 0.02
        #expect(abs((limits.batchSecondsBound ?? 0) - 0.0225) < 1e-9)
    }

    @Test func whatWasMeasuredAloneIsForgottenWithItsBudgetOrProbe() {
        var limits = Limits()
        limits.foregroundBudget = .multiple(2)
        #expect(limits.measuresForeground && limits.foregroundBudgetSeconds == nil)
        limits.foregroundAloneSeconds = 0.004
        #expect(!limits.measuresForeground && limits.foregroundBudgetSeconds == 0.008)
        #expect(limits.foregroundLookSeconds == nil, "a server's statistics are what they are")
        limits.foregroundProbe = "SELECT 1"
        #expect(limits.foregroundLookSeconds == ForegroundLeast.lookSeconds)
        #expect(Self.told(limits)?.workers.foregroundLookSeconds == ForegroundLeast.lookSeconds)
        limits.foregroundBudget = .seconds(0.01)
        #expect(limits.foregroundLookSeconds == nil, "it is of nothing else")
        limits.foregroundBudget = .multiple(2)
        limits.foregroundProbe = nil
        var other = LimitChanges()
        other.maxRowsPerSecond = .some(100)
        #expect(other.applied(to: limits).foregroundAloneSeconds == 0.004)
        var again = LimitChanges()
        again.foregroundBudget = .some(.multiple(2))
        #expect(again.applied(to: limits).measuresForeground)
        var probe = LimitChanges()
        probe.foregroundProbe = .some("SELECT 1")
        #expect(probe.applied(to: limits).measuresForeground)
    }

    static let impossible: [(LimitChanges, String)] = {
        var all: [(LimitChanges, String)] = []
        func add(_ word: String, _ set: (inout LimitChanges) -> Void) {
            var changes = LimitChanges()
            set(&changes)
            all.append((changes, word))
        }
        add("max-rate") { $0.maxRowsPerSecond = .some(0) }
        add("max-rate") { $0.maxRowsPerSecond = .some(.nan) }
        add("max-rate") { $0.maxRowsPerSecond = .some(.infinity) }
        add("max-wal") { $0.maxWalBytesPerSecond = .some(100) }
        add("max-pg-wal") { $0.maxPgWalBytes = .some((64 << 20) - 1) }
        add("max-pg-wal") { $0.maxPgWalBytes = .some(-1) }
        add("batch-time") { $0.batchSecondsMax = .some(0.019) }
        add("batch-time") { $0.batchSecondsMax = .some(.nan) }
        for budget: LatencyBudget in [
            .seconds(0), .seconds(5), .seconds(.nan), .multiple(1), .multiple(0.5),
            .multiple(101), .multiple(.nan), .multiple(.infinity),
        ] { add("foreground-budget") { $0.foregroundBudget = .some(budget) } }
        add("foreground-probe") { $0.foregroundProbe = .some(" ") }
        add("throttle-query") { $0.throttleQuery = .some("") }
        add("throttle-file") { $0.throttleFile = .some("") }
        add("throttle-url") { $0.throttleURL = .some("\n") }
        add("window") { $0.window = .some(RunWindow(spans: [], zone: "UTC")) }
        return all
    }()

    @Test(arguments: impossible)
    func impossibleThrottlesAreNamedWithTheirCure(changes: LimitChanges, word: String) {
        let problem = changes.applied(to: Limits()).problem
        #expect(problem?.hasPrefix(word) == true && problem?.contains("off") == true)
    }

    @Test(arguments: [
        (LatencyBudget.seconds(0.01), 0.01, 0.007), (.multiple(1.5), 0.006, 0.0045),
        (.multiple(3), 0.012, 0.006), (.multiple(1.1), 0.0044, 0.0041),
    ])
    func lessThanTheBudgetIsAimedAt(
        _ budget: LatencyBudget, _ most: Double, _ aim: Double
    ) throws {
        let seconds = try #require(budget.seconds(aloneSeconds: 0.004))
        let aimed = try #require(budget.aimSeconds(aloneSeconds: 0.004))
        #expect(abs(seconds - most) < 1e-9 && abs(aimed - aim) < 1e-9)
        if case .multiple = budget { #expect(budget.aimSeconds(aloneSeconds: nil) == nil) }
    }
}
