import Sluice
import SluiceCore

/// Limits as `sluice plan --json` prints them; those that are off are left out.
struct LimitsJSON: Encodable {
    private let workers: [Int]
    private let batch: Int
    private let batchAuto: Bool
    private let batchBytes: Int
    private let maxLagSeconds: Double?
    private let lockTimeoutMilliseconds: Int
    private let statementTimeoutMilliseconds: Int
    private let synchronousCommit: Bool
    private let maxQuarantine: Int
    private let lanes: String
    private let order: String
    private let vacuum: String
    private let maxRowsPerSecond: Double?
    private let maxWalBytesPerSecond: Double?
    private let maxPgWalBytes: Int?
    private let batchSecondsMax: Double?
    private let foregroundBudgetSeconds: Double?
    private let foregroundBudgetMultiple: Double?
    private let foregroundProbe: String?
    private let window: String?
    private let throttleQuery: String?
    private let throttleFile: String?
    private let throttleURL: String?

    private enum CodingKeys: String, CodingKey {
        case workers, batch, window, lanes, order, vacuum
        case batchAuto = "batch_auto"
        case batchBytes = "batch_bytes"
        case maxLagSeconds = "max_lag_seconds"
        case lockTimeoutMilliseconds = "lock_timeout_milliseconds"
        case statementTimeoutMilliseconds = "statement_timeout_milliseconds"
        case synchronousCommit = "synchronous_commit"
        case maxQuarantine = "max_quarantine"
        case maxRowsPerSecond = "max_rows_per_second"
        case maxWalBytesPerSecond = "max_wal_bytes_per_second"
        case maxPgWalBytes = "max_pg_wal_bytes"
        case batchSecondsMax = "batch_seconds_max"
        case foregroundBudgetSeconds = "foreground_budget_seconds"
        case foregroundBudgetMultiple = "foreground_budget_multiple"
        case foregroundProbe = "foreground_probe"
        case throttleQuery = "throttle_query"
        case throttleFile = "throttle_file"
        case throttleURL = "throttle_url"
    }

    init(_ limits: Limits) {
        workers = [limits.workers.lowerBound, limits.workers.upperBound]
        batch = limits.batchKeys
        batchAuto = limits.sizesBatches
        batchBytes = limits.batchBytes
        maxLagSeconds = limits.maxLagSeconds
        lockTimeoutMilliseconds = limits.lockTimeoutMilliseconds
        statementTimeoutMilliseconds = limits.statementTimeoutMilliseconds
        synchronousCommit = limits.synchronousCommit
        maxQuarantine = limits.maxQuarantine
        lanes = limits.lanes.text
        order = limits.order.rawValue
        vacuum = limits.vacuum.text
        maxRowsPerSecond = limits.maxRowsPerSecond
        maxWalBytesPerSecond = limits.maxWalBytesPerSecond
        maxPgWalBytes = limits.maxPgWalBytes
        batchSecondsMax = limits.batchSecondsMax
        foregroundBudgetSeconds = limits.foregroundBudgetSeconds
        if case .multiple(let times) = limits.foregroundBudget {
            foregroundBudgetMultiple = times
        } else {
            foregroundBudgetMultiple = nil
        }
        foregroundProbe = limits.foregroundProbe
        window = limits.window?.text
        throttleQuery = limits.throttleQuery
        throttleFile = limits.throttleFile
        throttleURL = limits.throttleURL.map(ThrottleURL.shown)
    }
}
