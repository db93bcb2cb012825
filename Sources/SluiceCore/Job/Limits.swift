/// What a run may use; changeable while it runs and between resumes, never part of its identity.
public struct Limits: Sendable, Equatable {
    /// Fewest and most workers; the application's budget and locks that others wait for may ask
    /// for fewer.
    public var workers: ClosedRange<Int>
    /// Keys in one batch; what plans reckon with where batches size themselves.
    public var batchKeys: Int
    /// Whether batches size themselves by what they cost; ``batchKeys`` is then nominal.
    public var sizesBatches: Bool
    /// Bytes of rows in one batch, as stored, where the table has rows that are stored out of
    /// line; a single larger row is a batch of its own.
    public var batchBytes: Int
    /// Replica lag above which no batch starts, in seconds; `nil` turns the gate off.
    public var maxLagSeconds: Double?
    /// How long a batch waits for one lock, in milliseconds.
    public var lockTimeoutMilliseconds: Int
    /// How long one statement of a batch may take, in milliseconds; more than the lock timeout,
    /// or waiting for a lock would look like a batch that is too large.
    public var statementTimeoutMilliseconds: Int
    /// Whether every batch waits for its commit record to reach the disk.
    ///
    /// Not needed for safety: a batch's change and its cursor can only be lost together.
    public var synchronousCommit: Bool
    /// Keys that may be set aside since their rows cannot be changed; at one more the run stops.
    public var maxQuarantine: Int
    /// Whether rows are changed in lanes.
    public var lanes = LaneSetting.auto
    /// In which order rows are visited; fixed when the run's ranges are.
    public var order = OrderSetting.auto
    /// Whether the run vacuums the tables that it changes.
    public var vacuum = VacuumSetting.auto
    /// Keys that batches pass over in a second, those that the job's condition leaves out included,
    /// by all processes of a run together; `nil` is without bound.
    public var maxRowsPerSecond: Double?
    /// Bytes of write-ahead log that a run may cause in a second; `nil` is without bound.
    public var maxWalBytesPerSecond: Double?
    /// Bytes in `pg_wal` above which no batch starts; `nil` is without bound.
    public var maxPgWalBytes: Int?
    /// Longest time in seconds that a batch which sizes itself is meant to last; `nil` leaves it to
    /// what its fixed cost is worth.
    public var batchSecondsMax: Double?
    /// How long the application's own statements may take while a run works; `nil` does not look.
    public var foregroundBudget: LatencyBudget?
    /// What they take without the run, in seconds, as its processes measured it; `nil` before.
    ///
    /// Set by nobody: a new budget or probe forgets it.
    public var foregroundAloneSeconds: Double?
    /// SQL that is timed in the place of the application's statements; `nil` times none.
    public var foregroundProbe: String?
    /// The hours in which batches may start; `nil` is always.
    public var window: RunWindow?
    /// SQL that says whether to wait: batches start while its answer is false, NULL or no row.
    public var throttleQuery: String?
    /// A file on the worker's host that keeps batches from starting while it exists.
    public var throttleFile: String?
    /// An address that answers with a status of 200 to 299 while batches may start.
    public var throttleURL: String?

    /// Sets the limits that bound workers, batches and waits; the others are off.
    ///
    /// The defaults are those of the command line. A number of keys that is given is fixed.
    ///
    /// Four workers keep two to four cores busy and leave most of a default `max_connections` of
    /// 100 alone; 5,000 keys are about 50 ms of work, so that pausing is quick and the fixed cost
    /// of a transaction is under 2 %; 16 MiB are what 5,000 rows of 3 kB weigh, where a thousand
    /// rows of several MB would take minutes; 2 s of lock wait is what an application is taken to
    /// bear; 20 s for a statement stays below the lease (30 s); more than 100 rows that cannot be
    /// changed are a wrong job rather than bad rows.
    public init(
        workers: ClosedRange<Int> = 1...4, batchKeys: Int? = nil, batchBytes: Int = 16 << 20,
        maxLagSeconds: Double? = 10, lockTimeoutMilliseconds: Int = 2_000,
        statementTimeoutMilliseconds: Int = 20_000, synchronousCommit: Bool = false,
        maxQuarantine: Int = 100
    ) {
        self.workers = workers
        self.batchKeys = batchKeys ?? Self.batchKeysNominal
        sizesBatches = batchKeys == nil
        self.batchBytes = batchBytes
        self.maxLagSeconds = maxLagSeconds
        self.lockTimeoutMilliseconds = lockTimeoutMilliseconds
        self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        self.synchronousCommit = synchronousCommit
        self.maxQuarantine = maxQuarantine
    }

    /// The same with commits that wait for the disk.
    public var durable: Limits {
        var limits = self
        limits.synchronousCommit = true
        return limits
    }

    /// One sentence naming the first impossible value and its cure, or `nil` when all are sound.
    public var problem: String? {
        if workers.lowerBound < 1 {
            return "workers must be at least 1, not \(workers.lowerBound): "
                + "try --workers 4 or --workers 1..8"
        }
        if workers.upperBound > Self.workersMax {
            return "workers must be at most \(Self.workersMax), not \(workers.upperBound): "
                + "each one is a server connection, and past the cores more of them only wait"
        }
        if batchKeys < 1 || batchKeys > Self.batchKeysMax {
            return "batch must be between 1 and \(Self.batchKeysMax) keys, not \(batchKeys): "
                + "try --batch 5000"
        }
        if batchBytes < Self.batchBytesMin {
            return "batch-bytes must be at least 64kB, not \(batchBytes): try --batch-bytes 16MB"
        }
        if let lag = maxLagSeconds, !(lag > 0) {
            return "max-lag must be above zero: try --max-lag 10s, or --max-lag off"
        }
        if lockTimeoutMilliseconds < 1 {
            return "lock-timeout must be above zero: try --lock-timeout 2s"
        }
        if statementTimeoutMilliseconds <= lockTimeoutMilliseconds {
            return "statement-timeout must be longer than lock-timeout "
                + "(\(lockTimeoutMilliseconds) ms): try --statement-timeout 20s"
        }
        if case .fixed(let number) = lanes, !LaneSetting.lanesBounds.contains(number) {
            return "lanes must be between \(LaneSetting.lanesBounds.lowerBound) and "
                + "\(LaneSetting.lanesBounds.upperBound), not \(number): try --lanes auto"
        }
        if maxQuarantine < 0 || maxQuarantine > Self.maxQuarantineMost {
            return "max-quarantine must be between 0 and \(Self.maxQuarantineMost) keys, not "
                + "\(maxQuarantine): try --max-quarantine 100"
        }
        return throttleProblem
    }

    /// Keys in a batch before anything was measured: about 50 ms of work.
    public static let batchKeysNominal = 5_000
    /// Most keys in quarantine: each costs some twenty transactions to find, and is a row to look
    /// at for a person.
    public static let maxQuarantineMost = 1_000_000
    /// Most workers that one process starts: the memory budget of 64 MiB divided by a connection's
    /// libpq buffers and thread, with room to spare.
    public static let workersMax = 64
    /// Most keys in one batch: a transaction of a million rows is what batches are there to avoid.
    public static let batchKeysMax = 1_000_000
    /// Fewest bytes in one batch: below eight pages every batch would be a handful of rows.
    public static let batchBytesMin = 64 << 10
}
