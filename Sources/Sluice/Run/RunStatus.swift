public import SluiceCore

/// How a run stands, as `sluice status --json` and `--progress json` print it.
///
/// Encodes with the names of the interface (`keys_total_estimate` and so on); a value that is not
/// known is `null`, never left out.
public struct RunStatus: Sendable, Equatable, Encodable {
    /// The run's number.
    public var run: Int64
    /// The job's name.
    public var job: String
    /// The table, schema-qualified and quoted where needed.
    public var table: String
    /// The run's state.
    public var state: RunState
    /// Keys in the whole run; an estimate until the run is completed.
    public var keysTotalEstimate: Int
    /// Keys walked over.
    public var keysScanned: Int
    /// Rows changed.
    public var rowsChanged: Int
    /// Keys set aside with their error.
    public var rowsQuarantined: Int
    /// Percent of the keys, 100 only when completed.
    public var percent: Double
    /// Whether `percent` rests on an estimate.
    public var percentIsEstimate: Bool
    /// Keys walked over in a second, smoothed; `nil` when nobody works.
    public var rowsPerSecond: Double?
    /// Seconds left at that rate.
    public var etaSeconds: Double?
    /// Workers that hold a range, over all processes.
    public var workers: Int
    /// Processes that work on the run.
    public var processes: Int
    /// Keys in the next batch.
    public var batchKeys: Int
    /// The worst replica's lag in seconds; `nil` without replicas.
    public var replicaLagSeconds: Double?
    /// What keeps the run from going on now, in words.
    public var waitingFor: String?
    /// Why it failed, in words.
    public var error: String?
    /// When the run's ranges were fixed, ISO 8601 in UTC.
    public var startedAt: String?
    /// When anything of it last changed, ISO 8601 in UTC.
    public var updatedAt: String?
    /// Seconds from the start to the end, or to the last change.
    public var elapsedSeconds: Double?
    /// The kind of change.
    public var kind = JobKind.update
    /// Host and process number of each process that works on the run, such as `db1 pid 4711`.
    public var processNames: [String] = []
    /// What limits the run's rate now, in words; `nil` when nobody works.
    public var limitedBy: String?
    /// Keys that were walked over in the order of pages: the sweep walks over them once more.
    public var keysByPages = 0
    /// Rows that the last verification found the run to have missed; `nil` before one.
    public var rowsMissed: Int?
    /// When it was last verified, ISO 8601 in UTC.
    public var verifiedAt: String?
    /// The share of rows that were updated within their page (HOT), from 0 to 1; `nil` where
    /// nothing is known.
    public var hotShare: Double?
    /// The share of rows that were changed in lanes, from 0 to 1; `nil` where nothing is known.
    public var lanesShare: Double?

    enum CodingKeys: String, CodingKey {
        case run, job, kind, table, state, percent, workers, processes, error
        case keysTotalEstimate = "keys_total_estimate"
        case keysScanned = "keys_scanned"
        case rowsChanged = "rows_changed"
        case rowsQuarantined = "rows_quarantined"
        case percentIsEstimate = "percent_is_estimate"
        case rowsPerSecond = "rows_per_second"
        case etaSeconds = "eta_seconds"
        case batchKeys = "batch_keys"
        case replicaLagSeconds = "replica_lag_seconds"
        case waitingFor = "waiting_for"
        case processNames = "process_names"
        case startedAt = "started_at"
        case updatedAt = "updated_at"
        case elapsedSeconds = "elapsed_seconds"
        case limitedBy = "limited_by"
        case keysByPages = "keys_by_pages"
        case rowsMissed = "rows_missed"
        case verifiedAt = "verified_at"
        case hotShare = "hot_share"
        case lanesShare = "lanes_share"
    }

    /// Keys walked over, once each: in the order of pages, or of keys where the sweep is further.
    public var keysWalked: Int { max(keysByPages, keysScanned - keysByPages) }

    /// Encodes every key, with `null` for what is not known.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(run, forKey: .run)
        try values.encode(job, forKey: .job)
        try values.encode(kind.rawValue, forKey: .kind)
        try values.encode(table, forKey: .table)
        try values.encode(state, forKey: .state)
        try values.encode(keysTotalEstimate, forKey: .keysTotalEstimate)
        try values.encode(keysScanned, forKey: .keysScanned)
        try values.encode(rowsChanged, forKey: .rowsChanged)
        try values.encode(rowsQuarantined, forKey: .rowsQuarantined)
        try values.encode(percent, forKey: .percent)
        try values.encode(percentIsEstimate, forKey: .percentIsEstimate)
        try values.encode(rowsPerSecond, forKey: .rowsPerSecond)
        try values.encode(etaSeconds, forKey: .etaSeconds)
        try values.encode(workers, forKey: .workers)
        try values.encode(processes, forKey: .processes)
        try values.encode(processNames, forKey: .processNames)
        try values.encode(batchKeys, forKey: .batchKeys)
        try values.encode(replicaLagSeconds, forKey: .replicaLagSeconds)
        try values.encode(waitingFor, forKey: .waitingFor)
        try values.encode(error, forKey: .error)
        try values.encode(startedAt, forKey: .startedAt)
        try values.encode(updatedAt, forKey: .updatedAt)
        try values.encode(elapsedSeconds, forKey: .elapsedSeconds)
        try values.encode(limitedBy, forKey: .limitedBy)
        try values.encode(keysByPages, forKey: .keysByPages)
        try values.encode(verifiedAt == nil ? nil : rowsMissed, forKey: .rowsMissed)
        try values.encode(verifiedAt, forKey: .verifiedAt)
        try values.encode(hotShare, forKey: .hotShare)
        try values.encode(lanesShare, forKey: .lanesShare)
    }
}
