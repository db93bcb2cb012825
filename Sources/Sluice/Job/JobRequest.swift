public import SluiceCore

/// What a person asks for, before the server was asked whether it can be done.
public struct JobRequest: Sendable, Equatable {
    /// The job's name; `nil` derives one from the table and the columns.
    public var name: String?
    /// The table as SQL would spell it: `products`, `public.products`, `"Weird ""Name"""`.
    public var table: String
    /// Column (as SQL would spell it) and expression of each assignment.
    public var assignments: [Assignment]
    /// The predicate that says what remains to be done, without `WHERE`.
    public var predicate: String?
    /// Key columns (as SQL would spell them); `nil` takes the primary key.
    public var key: [String]?
    /// Whether tables that inherit from the table are changed as well; its partitions always are.
    public var includesChildren = false

    /// Describes a job.
    public init(
        name: String? = nil, table: String, assignments: [Assignment], predicate: String? = nil,
        key: [String]? = nil
    ) {
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

    /// The defaults of the command line.
    public init() {}
}
