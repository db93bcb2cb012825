public import SluiceCore
public import SluicePostgres

/// How a finished run is to be verified.
public struct VerifyOptions: Sendable {
    /// How much of the table is read.
    public var scope = VerifyScope.full
    /// Whether rows that are wrong are put right.
    public var repairs = false
    /// Where to read, if not on the primary: a physical replica of it.
    public var replica: ConnectionParameters?
    /// Connections that read at once; `nil` takes the run's own limit.
    public var workers: Int?
    /// Replica lag above which nothing is read, in seconds: `.some(nil)` turns the gate off, `nil`
    /// takes the run's own limit.
    public var maxLagSeconds: Double??

    /// A full verification that changes nothing.
    public init() {}
}

/// A row that is not as its job says.
public struct WrongRow: Sendable, Equatable, Encodable {
    /// What is known of how that came about.
    public enum Why: String, Sendable, Encodable {
        /// Nobody has written it since the run began: the run missed it.
        case missed
        /// It was written since the run began: by the application, a trigger, or by hand.
        case writtenSince = "written_since"
        /// The job's expression fails for it, or its repair did.
        case failed
    }

    /// The table that holds it, schema-qualified.
    public let table: String
    /// Its key, a text for each column.
    public let key: [String]
    /// How that came about.
    public let why: Why
    /// The server's error, where there was one.
    public var message: String?
}

/// What a verification found.
public struct VerifyReport: Sendable, Equatable, Encodable {
    /// The run's number.
    public var run: Int64
    /// The job's name.
    public var job: String
    /// What was compared: `values`, `remaining`, `untouched`, `arrival`, or `ledger`.
    public var compared: String
    /// Why rows could not be compared, in words; `nil` where they were.
    public var reason: String?
    /// Whether every row was read, and not only a sample.
    public var isFull = true
    /// Whether it came to its end.
    public var isComplete = true
    /// Rows read and compared.
    public var rowsCompared = 0
    /// Rows that the run missed.
    public var rowsMissed = 0
    /// Rows that differ and were written since the run began.
    public var rowsWrittenSince = 0
    /// Rows for which the job's expression, or their repair, fails.
    public var rowsFailed = 0
    /// Rows that were put right; those are no longer counted as missed or written since.
    public var rowsRepaired = 0
    /// What is wrong with the ledger's ranges; `nil` where they prove that each key was walked
    /// over once.
    public var ledgerProblem: String?
    /// Keys that the run walked over, by the ledger.
    public var keysScanned = 0
    /// The first wrong rows, at most ``rowsListedMax``.
    public var rows: [WrongRow] = []
    /// Seconds that it took.
    public var seconds = 0.0

    /// Most rows that a report names: more would be no list to read, and the counts say the rest.
    public static let rowsListedMax = 100

    /// Rows that are wrong at the end, for whatever reason.
    public var rowsWrong: Int { rowsMissed + rowsWrittenSince + rowsFailed }

    /// 0 all as it should be · 3 interrupted · 4 something is not.
    public var exitCode: Int32 {
        if rowsWrong > 0 || ledgerProblem != nil { return 4 }
        return isComplete ? 0 : 3
    }

    enum CodingKeys: String, CodingKey {
        case run, job, compared, reason, rows, seconds
        case isFull = "is_full"
        case isComplete = "is_complete"
        case rowsCompared = "rows_compared"
        case rowsMissed = "rows_missed"
        case rowsWrittenSince = "rows_written_since"
        case rowsFailed = "rows_failed"
        case rowsRepaired = "rows_repaired"
        case ledgerProblem = "ledger_problem"
        case keysScanned = "keys_scanned"
    }
}

/// How far a verification is.
public struct VerifyProgress: Sendable, Equatable {
    /// Blocks read.
    public let blocksRead: Int
    /// Blocks to read in all.
    public let blocksTotal: Int
    /// Wrong rows so far.
    public let rowsWrong: Int
    /// What it waits for, in words.
    public let waitingFor: String?
}
