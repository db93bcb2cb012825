/// Limits that a person changes while a run goes on; `nil` leaves a value as it is.
public struct LimitChanges: Sendable, Equatable {
    /// Fewest and most workers.
    public var workers: ClosedRange<Int>?
    /// Keys in one batch, which then no longer size themselves.
    public var batchKeys: Int?
    /// Whether batches size themselves; `true` without a number of keys makes that nominal again.
    public var sizesBatches: Bool?
    /// Bytes in one batch.
    public var batchBytes: Int?
    /// Replica lag in seconds; `.some(nil)` turns the gate off.
    public var maxLagSeconds: Double??
    /// Lock timeout in milliseconds.
    public var lockTimeoutMilliseconds: Int?
    /// Statement timeout in milliseconds.
    public var statementTimeoutMilliseconds: Int?
    /// Whether batches wait for the disk.
    public var synchronousCommit: Bool?
    /// Keys that may be set aside.
    public var maxQuarantine: Int?
    /// Whether rows are changed in lanes.
    public var lanes: LaneSetting?
    /// In which order rows are visited, by a run that has not begun.
    public var order: OrderSetting?
    /// Whether the run vacuums the tables that it changes.
    public var vacuum: VacuumSetting?
    /// Rows in a second; `.some(nil)` lifts the bound, as for each of those below.
    public var maxRowsPerSecond: Double??
    /// Bytes of write-ahead log in a second.
    public var maxWalBytesPerSecond: Double??
    /// Bytes in `pg_wal`.
    public var maxPgWalBytes: Int??
    /// Seconds that a batch is meant to last at the most.
    public var batchSecondsMax: Double??
    /// Budget of the application's statements.
    public var foregroundBudget: LatencyBudget??
    /// SQL that is timed.
    public var foregroundProbe: String??
    /// The hours in which batches may start.
    public var window: RunWindow??
    /// SQL that says whether to wait.
    public var throttleQuery: String??
    /// The file that keeps batches from starting.
    public var throttleFile: String??
    /// The address that is asked.
    public var throttleURL: String??

    /// No change.
    public init() {}

    /// Whether nothing is changed.
    public var isEmpty: Bool { self == LimitChanges() }

    /// The limits after the change.
    public func applied(to limits: Limits) -> Limits {
        var new = limits
        if let workers { new.workers = workers }
        if let sizesBatches {
            new.sizesBatches = sizesBatches
            if sizesBatches { new.batchKeys = Limits.batchKeysNominal }
        }
        if let batchKeys {
            new.batchKeys = batchKeys
            new.sizesBatches = sizesBatches ?? false
        }
        if let batchBytes { new.batchBytes = batchBytes }
        if let maxLagSeconds { new.maxLagSeconds = maxLagSeconds }
        if let lockTimeoutMilliseconds { new.lockTimeoutMilliseconds = lockTimeoutMilliseconds }
        if let statementTimeoutMilliseconds {
            new.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        }
        if let synchronousCommit { new.synchronousCommit = synchronousCommit }
        if let maxQuarantine { new.maxQuarantine = maxQuarantine }
        if let lanes { new.lanes = lanes }
        if let order { new.order = order }
        if let vacuum { new.vacuum = vacuum }
        throttle(&new)
        return new
    }

    private func throttle(_ limits: inout Limits) {
        if let maxRowsPerSecond { limits.maxRowsPerSecond = maxRowsPerSecond }
        if let maxWalBytesPerSecond { limits.maxWalBytesPerSecond = maxWalBytesPerSecond }
        if let maxPgWalBytes { limits.maxPgWalBytes = maxPgWalBytes }
        if let batchSecondsMax { limits.batchSecondsMax = batchSecondsMax }
        if let foregroundBudget { limits.foregroundBudget = foregroundBudget }
        if let foregroundProbe { limits.foregroundProbe = foregroundProbe }
        // Asked for again it is measured again: that is how a person says that things changed.
        if foregroundBudget != nil || foregroundProbe != nil { limits.foregroundAloneSeconds = nil }
        if let window { limits.window = window }
        if let throttleQuery { limits.throttleQuery = throttleQuery }
        if let throttleFile { limits.throttleFile = throttleFile }
        if let throttleURL { limits.throttleURL = throttleURL }
    }

    /// These changes, and the other's where these leave a value as it is.
    public func over(_ other: LimitChanges) -> LimitChanges {
        var merged = other
        if let workers { merged.workers = workers }
        if batchKeys != nil || sizesBatches != nil {
            merged.batchKeys = batchKeys
            merged.sizesBatches = sizesBatches
        }
        if let batchBytes { merged.batchBytes = batchBytes }
        if let maxLagSeconds { merged.maxLagSeconds = .some(maxLagSeconds) }
        if let lockTimeoutMilliseconds { merged.lockTimeoutMilliseconds = lockTimeoutMilliseconds }
        if let statementTimeoutMilliseconds {
            merged.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        }
        if let synchronousCommit { merged.synchronousCommit = synchronousCommit }
        if let maxQuarantine { merged.maxQuarantine = maxQuarantine }
        if let lanes { merged.lanes = lanes }
        if let order { merged.order = order }
        if let vacuum { merged.vacuum = vacuum }
        throttle(&merged)
        return merged
    }

    private func throttle(_ merged: inout LimitChanges) {
        if let maxRowsPerSecond { merged.maxRowsPerSecond = .some(maxRowsPerSecond) }
        if let maxWalBytesPerSecond { merged.maxWalBytesPerSecond = .some(maxWalBytesPerSecond) }
        if let maxPgWalBytes { merged.maxPgWalBytes = .some(maxPgWalBytes) }
        if let batchSecondsMax { merged.batchSecondsMax = .some(batchSecondsMax) }
        if let foregroundBudget { merged.foregroundBudget = .some(foregroundBudget) }
        if let foregroundProbe { merged.foregroundProbe = .some(foregroundProbe) }
        if let window { merged.window = .some(window) }
        if let throttleQuery { merged.throttleQuery = .some(throttleQuery) }
        if let throttleFile { merged.throttleFile = .some(throttleFile) }
        if let throttleURL { merged.throttleURL = .some(throttleURL) }
    }
}
