public import SluiceCore
public import SluicePostgres

/// What a person asks for, before the server was asked whether it can be done.
public struct JobRequest: Sendable, Equatable {
    /// The kind of change.
    public var kind: JobKind
    /// The job's name; `nil` derives one from the table and the columns.
    public var name: String?
    /// The table as SQL would spell it: `products`, `public.products`, `"Weird ""Name"""`.
    public var table: String
    /// Column (as SQL would spell it) and expression of each assignment; for a copy or a move, of
    /// the columns that do not simply take the source's of the same name.
    public var assignments: [Assignment]
    /// The predicate that says what remains to be done, without `WHERE`.
    public var predicate: String?
    /// Key columns (as SQL would spell them); `nil` takes the primary key.
    public var key: [String]?
    /// The table that a copy or a move goes to, as SQL would spell it.
    public var target: String?
    /// What becomes of rows that are already in the target; `nil` is an error.
    public var onConflict: ConflictPolicy?
    /// The user's own statement, with `:range`, or `:lower` and `:upper`.
    public var statement: String?
    /// Whether tables that inherit from the table are changed as well; its partitions always are.
    public var includesChildren = false
    /// Whether triggers and foreign keys stay silent.
    public var disablesTriggers = false
    /// Whether an update leaves rows alone that it would not change.
    ///
    /// Each column that is set is compared with its expression first, which is then evaluated once
    /// more for the rows that are changed; their types must be comparable.
    public var skipsUnchanged = false

    /// Describes a job.
    public init(
        kind: JobKind = .update, name: String? = nil, table: String,
        assignments: [Assignment] = [], predicate: String? = nil, key: [String]? = nil,
        target: String? = nil, onConflict: ConflictPolicy? = nil, statement: String? = nil
    ) {
        self.kind = kind
        self.target = target
        self.onConflict = onConflict
        self.statement = statement
        self.name = name
        self.table = table
        self.assignments = assignments
        self.predicate = predicate
        self.key = key
    }
}

/// How a run is to be carried out by this process.
public struct RunOptions: Sendable {
    /// Limits that differ from the defaults, or from what the ledger holds of an earlier start.
    public var limits = LimitChanges()
    /// Longest wait for transactions that were already writing to the table, in seconds.
    public var startWaitSeconds = 60.0
    /// Cancel an earlier run of the same name and begin anew.
    public var fresh = false
    /// The person has confirmed what is asked about.
    public var confirmed = false
    /// How long a silent process keeps its ranges, in seconds.
    ///
    /// Longer than a statement may take.
    public var leaseSeconds = 30.0

    /// How the run is verified once it is completed.
    public var verify = VerifyScope.auto
    /// Where that reads, if not on the primary: a physical replica of it.
    public var verifyOn: ConnectionParameters?

    /// Replicas that are asked themselves how far they are.
    ///
    /// Never kept in the ledger: each may hold a password.
    public var replicas: [ConnectionParameters] = []

    /// A file that takes what the control law saw and decided, as JSON, one event a line.
    public var tracePath: String?
    /// Takes what the control law saw and decided, beside ``tracePath``: some events at a time, in
    /// their order, from one task after the other.
    public var traced: (@Sendable ([ControlTrace.Event]) -> Void)?

    /// The defaults of the command line.
    public init() {}
}
