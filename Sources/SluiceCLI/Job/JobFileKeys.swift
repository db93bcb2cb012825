import Sluice
import SluiceCore

/// Takes the keys of a job file one by one and puts the job together.
struct JobFileKeys {
    /// Keys of the top level, besides the limits, which may stand there too.
    static let topWords = [
        "job", "name", "kind", "table", "set", "where", "into", "on_conflict", "statement",
        "disable_triggers", "skip_unchanged", "children", "key", "limits", "dsn", "start_wait",
        "lease", "fresh",
        "yes", "progress",
    ]
    /// Keys of `limits:`.
    static let limitWords =
        [
            "workers", "batch", "batch_bytes", "max_lag", "lock_timeout", "statement_timeout",
            "synchronous_commit", "max_quarantine", "lanes", "order", "vacuum", "verify",
            "replica_dsn",
        ] + ThrottleText.words

    let file: String
    private var job = JobFile(request: JobRequest(table: "", assignments: []))
    /// The line on which each key was given.
    private var seen: [String: Int] = [:]

    init(file: String) {
        self.file = file
    }

    /// Takes one key of the top level.
    mutating func take(_ key: JobNode, _ value: JobNode) throws(UsageError) {
        let word = try Self.word(key, among: Self.topWords + Self.limitWords)
        if word == "limits" {
            let entries = try value.mapping(of: "keys such as workers: and max_lag:")
            for (key, value) in entries {
                let word = try Self.word(key, among: Self.limitWords)
                try note(word, key)
                try takeLimit(word, value)
            }
            return
        }
        try note(word, key)
        if Self.limitWords.contains(word) { return try takeLimit(word, value) }
        try takeTop(word, value)
    }

    /// The job, once every key was taken.
    func finished(line: Int) throws(UsageError) -> JobFile {
        var job = job
        let table = "table: public.products"
        guard seen["table"] != nil else {
            throw UsageError("\(file):\(line): the table is missing: add a line such as \(table)")
        }
        if seen["kind"] == nil {
            job.request.kind = JobRequest.kind(
                target: job.request.target, statement: job.request.statement)
        }
        if job.request.kind == .update, seen["set"] == nil {
            throw UsageError(
                "\(file):\(line): the assignments are missing: add set: with column: expression")
        }
        if let problem = job.request.problem {
            throw UsageError("\(file):\(seen["kind"] ?? line): \(Printable.clean(problem))")
        }
        if let problem = job.limits.problem {
            throw UsageError("\(file):\(seen["statement_timeout"] ?? line): \(problem)")
        }
        return job
    }

    // MARK: Keys

    /// The known spelling of a key: `max-lag`, as on the command line, is `max_lag`.
    private static func word(_ key: JobNode, among words: [String]) throws(UsageError) -> String {
        let spelled = key.word
        let word = spelled.replacing("-", with: "_")
        if words.contains(word) { return word }
        let known = words.joined(separator: ", ")
        let hint =
            NearestWord.to(word, among: words)
            .map { "did you mean \"\($0)\"?" } ?? "known here are \(known)"
        throw key.refusal("unknown key \(quote(spelled)); \(hint)")
    }

    private mutating func note(_ word: String, _ key: JobNode) throws(UsageError) {
        let canonical = word == "name" ? "job" : word
        if let line = seen[canonical] {
            throw key.refusal("\"\(word)\" is given already on line \(line): keep one")
        }
        seen[canonical] = key.line
    }

    private mutating func takeTop(_ word: String, _ value: JobNode) throws(UsageError) {
        switch word {
        case "job", "name":
            let name = try value.text(example: "price_cents")
            job.request.name = try value.rephrased { () throws(UsageError) in
                try JobOptions.named(name)
            }
        case "table": job.request.table = try value.text(example: "public.products")
        case "set": job.request.assignments = try Self.assignments(value)
        case "where": job.request.predicate = try value.text(example: "price_cents IS NULL")
        case "key": job.request.key = try value.list(example: "id")
        case "kind":
            let text = try value.text(example: "delete")
            job.request.kind = try value.rephrased { () throws(UsageError) in
                try KindText.kind(text, for: "kind")
            }
        case "into": job.request.target = try value.text(example: "archive.products")
        case "on_conflict":
            let text = try value.text(example: "nothing")
            job.request.onConflict = try value.rephrased { () throws(UsageError) in
                try KindText.policy(text, for: "on_conflict")
            }
        case "statement":
            job.request.statement = try value.text(
                example: "DELETE FROM products WHERE :range AND sold")
        case "disable_triggers": job.request.disablesTriggers = try value.flag()
        case "skip_unchanged": job.request.skipsUnchanged = try value.flag()
        case "children": job.request.includesChildren = try value.flag()
        case "dsn": job.dsn = try value.text(example: "postgresql://host/database")
        case "start_wait":
            let text = try value.text(example: "60s")
            job.startWaitSeconds = try value.rephrased { () throws(UsageError) in
                try DurationText.seconds(text, for: "start_wait")
            }
        case "lease":
            let text = try value.text(example: "30s")
            job.leaseSeconds = try value.rephrased { () throws(UsageError) in
                try RunnerOptions.lease(text, for: "lease")
            }
        case "fresh": job.fresh = try value.flag()
        case "yes": job.yes = try value.flag()
        default:
            let text = try value.text(example: "plain")
            job.progress = try value.rephrased { () throws(UsageError) in
                try ProgressStyle(text: text).rawValue
            }
        }
    }

    private static func assignments(_ value: JobNode) throws(UsageError) -> [Assignment] {
        let entries = try value.mapping(of: "column: expression")
        guard !entries.isEmpty else {
            throw value.refusal("\"set\" is empty: write at least one column: expression")
        }
        var assignments: [Assignment] = []
        for (key, value) in entries {
            let column = key.word
            let expression = try value.text(example: "price * 100, or NULL")
            assignments.append(Assignment(column: column, expression: expression))
        }
        return assignments
    }

    private mutating func takeLimit(_ word: String, _ value: JobNode) throws(UsageError) {
        let example = Self.examples[word] ?? "off"
        let text = try value.text(example: example)
        var limits = job.limits
        var verify = job.verify
        try value.rephrased { () throws(UsageError) in
            switch word {
            case "workers": limits.workers = try LimitText.workers(text, for: word)
            case "batch": limits.setBatch(try LimitText.batch(text, for: word))
            case "batch_bytes": limits.batchBytes = try LimitText.bytes(text, for: word)
            case "max_lag": limits.maxLagSeconds = .some(try LimitText.maxLag(text, for: word))
            case "lock_timeout":
                limits.lockTimeoutMilliseconds = try DurationText.milliseconds(text, for: word)
            case "statement_timeout":
                limits.statementTimeoutMilliseconds =
                    try DurationText.milliseconds(text, for: word)
            case "synchronous_commit":
                limits.synchronousCommit = try LimitText.commit(text, for: word)
            case "max_quarantine":
                limits.maxQuarantine = try LimitText.maxQuarantine(text, for: word)
            case "order": limits.order = try LimitText.order(text, for: word)
            case "lanes": limits.lanes = try LimitText.lanes(text, for: word)
            case "vacuum": limits.vacuum = try LimitText.vacuum(text, for: word)
            case let throttle where ThrottleText.words.contains(throttle):
                try ThrottleText.read(text, word: throttle, for: word, into: &limits)
            case "replica_dsn": try Self.refuseReplica(text)
            default: verify = try VerifyScopeText.scope(text, for: word)
            }
        }
        job.limits = limits
        job.verify = verify
    }

    /// The value is not shown: a replica's DSN may hold a password, and so does not belong in a
    /// file that is kept with the sources.
    private static func refuseReplica(_ text: String) throws(UsageError) {
        guard text.lowercased() == "off" else {
            throw UsageError(
                "replica_dsn: takes only off in a job file; give the address to the command, as "
                    + "in --replica-dsn postgresql://host/database")
        }
    }

    private static let examples = [
        "workers": "4 or 1..8", "batch": "auto or 5000", "batch_bytes": "16MB", "max_lag": "10s",
        "lock_timeout": "2s",
        "statement_timeout": "20s", "synchronous_commit": "off", "order": "auto", "vacuum": "auto",
        "max_quarantine": "100", "lanes": "auto", "verify": "auto", "max_rate": "20000",
        "max_wal": "40MB/s", "max_pg_wal": "20GB", "batch_time": "100ms",
        "foreground_budget": "10ms", "foreground_probe": "SELECT 1", "window": "22:00-06:00",
        "throttle_query": "SELECT busy FROM load", "throttle_file": "/var/run/sluice.stop",
        "throttle_url": "http://host:8080/ready",
    ]
}
