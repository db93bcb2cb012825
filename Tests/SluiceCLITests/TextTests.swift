import SluiceCore
import Testing

@testable import Sluice
@testable import SluiceCLI

struct TextTests {
    private let plain = Terminal(environment: [:], isTerminal: false)

    @Test func theStatusTableIsAligned() {
        var second = RunStatus.sample
        second.run = 12
        second.job = "表"
        second.state = .paused
        second.percent = 5
        second.rowsPerSecond = nil
        second.replicaLagSeconds = nil
        second.waitingFor = "somebody"
        #expect(
            StatusText.table([.sample, second], plain) == """
                RUN  JOB                   TABLE            STATE    PERCENT   ROWS/S         ETA\
                  WORKERS    LAG  WAITING
                  7  products.price_cents  public.products  running  ~61.3 %  141,234  2 min 05 s\
                        4  0.2 s
                 12  表                    public.products  paused    ~5.0 %        –           –\
                        4      –  somebody
                """)
        #expect(StatusText.table([], plain) == "no runs in this database")
    }

    @Test func theDetailShowsWhatThereIs() {
        var status = RunStatus.sample
        status.error = "a\u{1B}b"
        status.waitingFor = "a lock"
        let text = StatusText.detail(status, plain)
        for line in [
            "job           products.price_cents", "progress      61.3 % (estimate)",
            "workers       4 in 1 process", "waiting for   a lock", "error         a\u{FFFD}b",
            "elapsed       9.0 s",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "\(line) in \(text)")
        }
        status.kind = .move
        #expect(StatusText.detail(status, plain).contains("kind         move"))
        #expect(StatusText.detail(status, plain).contains("rows moved   1,200,000"))
        status.kind = .update
        status.processes = 0
        #expect(StatusText.detail(status, plain).contains("workers       none"))
    }

    @Test func aPlanShowsAFewRangesAndCountsTheRest() {
        let range = KeyRange(lower: ["a\u{1B}"], upper: ["b"], keysEstimate: 1_000)
        let first = KeyRange(lower: nil, upper: ["x", "y"], keysEstimate: 1)
        #expect(PlanText.range(range) == "(a\u{FFFD}, b]  about 1,000 keys")
        #expect(PlanText.range(first) == "(start, (x, y)]  about 1 key")
        let plan = PlanReport(
            job: "j", table: "public.t", parts: ["public.t_1", "public.t_2"], key: ["a", "b"],
            keysTotalEstimate: 9_000,
            ranges: Array(repeating: range, count: 9), splitMethod: "by hand", limits: Limits(),
            statements: ["BEGIN", "UPDATE t\nSET a = 1"], explanation: "Index Scan",
            warnings: ["a trigger fires"], refusals: ["it is unsafe", "it is too late"])
        var move = plan
        move.kind = .move
        move.target = "old.\u{1B}t"
        let words = PlanText.text(move, false)
        #expect(words.contains("kind    move\ntable   public.t\ninto    old.\u{FFFD}t\n"))
        #expect(JSONText.line(PlanJSON(move)).contains("\"kind\":\"move\""))
        let text = PlanText.text(plan, false)
        #expect(text.contains("ranges  9, by hand"))
        #expect(text.contains("… and 5 more"))
        #expect(text.contains("    UPDATE t\n    SET a = 1"))
        #expect(text.contains("! a trigger fires"))
        #expect(text.contains("✗ it is unsafe"))
        #expect(PlanText.refusal(plan) == "it is unsafe; it is too late")
        let json = JSONText.line(PlanJSON(plan))
        #expect(json.contains("\"keys_total_estimate\":9000"))
        #expect(json.contains("\"workers\":[1,4]"))
    }

    @Test func theDoctorMarksAndCures() {
        let good = DoctorFinding(level: .ok, subject: "server", finding: "works", cure: nil)
        let bad = DoctorFinding(level: .problem, subject: "ledger", finding: "no", cure: "GRANT x")
        #expect(DoctorText.lines(good, false) == "✓ server: works\n")
        #expect(DoctorText.lines(bad, false) == "✗ ledger: no\n    → GRANT x\n")
    }

    @Test func theSummaryRatesWhatThisProcessSaw() {
        var status = RunStatus.sample
        status.state = .completed
        let report = RunReport(
            status: status, exitCode: 0, message: "", seconds: 10, replicaLagSecondsMax: 1.5,
            walBytes: 1_048_576, didWork: true)
        #expect(
            RunEnding.summary(report, keysBefore: 226_000)
                == "1,200,000 rows changed · 1,226,000 keys · 10 s · 100,000 rows/s · "
                + "1.0 MiB of WAL · highest replica lag 1.5 s")
        status.kind = .copy
        let copy = RunReport(
            status: status, exitCode: 0, message: "", seconds: 1, replicaLagSecondsMax: nil,
            walBytes: nil, didWork: true)
        #expect(RunEnding.summary(copy)?.hasPrefix("1,200,000 rows copied · ") == true)
        let nothing = RunReport(
            status: status, exitCode: 0, message: "", seconds: 0, replicaLagSecondsMax: nil,
            walBytes: nil, didWork: false)
        #expect(RunEnding.summary(nothing) == nil)
    }

    @Test func controlSentencesNameTheNextStep() {
        var status = RunStatus.sample
        status.state = .paused
        #expect(ControlText.sentence(status).hasSuffix("carry on with sluice resume 7"))
        status.kind = .delete
        #expect(ControlText.sentence(status).contains("1,200,000 rows deleted"))
        #expect(ProgressWords.line(status).contains("1,200,000 rows deleted"))
        status.state = .cancelled
        #expect(ControlText.sentence(status).contains("is cancelled at 61.3 %"))
        var limits = Limits()
        limits.workers = 3...3
        limits.maxLagSeconds = nil
        #expect(
            ControlText.limits(limits)
                == "workers 3, batch auto, batch-bytes 16MB, max-lag off, lock-timeout 2s, "
                + "statement-timeout 20s, synchronous-commit off, max-quarantine 100, lanes auto, "
                + "vacuum auto")
        limits.sizesBatches = false
        #expect(ControlText.limits(limits).contains("batch 5,000, "))
    }

    @Test func limitsThatAreOffByDefaultAreShownWhereTheyAreOn() {
        var limits = Limits()
        limits.maxRowsPerSecond = 20_000
        limits.maxWalBytesPerSecond = Double(40 << 20)
        limits.foregroundBudget = .seconds(0.01)
        limits.foregroundProbe = "SELECT\u{1B} 1"
        limits.window = RunWindow(spans: [.init(from: 1_320, to: 360)], zone: "UTC")
        limits.throttleQuery = "SELECT true"
        limits.throttleFile = "/tmp/\u{1B}stop"
        limits.throttleURL = "http://host/ready?token=hunter2"
        let text = ControlText.limits(limits)
        #expect(
            text.hasSuffix(
                "max-rate 20,000 rows/s, max-wal 40MB/s, foreground-budget 10ms, "
                    + "foreground-probe \"SELECT\u{FFFD} 1\", window 22:00-06:00@UTC, "
                    + "throttle-query \"SELECT true\", throttle-file /tmp/\u{FFFD}stop, "
                    + "throttle-url http://host/ready?…"), "\(text)")
        #expect(text.contains("synchronous-commit local, "), "what batches wait for")
        var multiple = limits
        multiple.foregroundBudget = .multiple(1.5)
        multiple.maxPgWalBytes = 20 << 30
        multiple.batchSecondsMax = 0.1
        #expect(ControlText.limits(multiple).contains("batch-time 100ms, max-rate"))
        #expect(JSONText.line(LimitsJSON(multiple)).contains("\"batch_seconds_max\":0.1"))
        #expect(ControlText.limits(multiple).contains("max-pg-wal 20GB, "))
        #expect(JSONText.line(LimitsJSON(multiple)).contains("\"max_pg_wal_bytes\":21474836480"))
        #expect(ControlText.limits(multiple).contains("foreground-budget 1.5x, "))
        #expect(
            JSONText.line(LimitsJSON(multiple)).contains("\"foreground_budget_multiple\":1.5"))
        let json = JSONText.line(LimitsJSON(limits))
        for piece in [
            "\"batch_auto\":true", "\"max_rows_per_second\":20000",
            "\"window\":\"22:00-06:00@UTC\"", "\"foreground_budget_seconds\":0.01",
        ] { #expect(json.contains(piece), "\(json)") }
        #expect(!json.contains("hunter2"))
    }

    @Test func aForecastSaysWhatAndHowMuchAndOnWhatItStands() throws {
        var facts = ForecastFacts.sample
        facts.basis = .probe(rows: 2_128)
        let forecast = try #require(ForecastModel(facts).forecast())
        let fields = ForecastText.fields(forecast)
        #expect(fields.map(\.name) == ["log", "growth", "time", "disk", "dead", "basis"])
        #expect(fields[0].text.hasPrefix("about ") && fields[0].text.contains(", at most "))
        #expect(fields[2].text.hasSuffix(", by the server's speed"))
        #expect(
            fields[5].text == "statistics, and 2,128 rows tried on a copy; 0 % of rows in place")
        facts.basis = .statistics("nextval may change something, and is not tried")
        let alone = try #require(ForecastModel(facts).forecast())
        #expect(
            ForecastText.fields(alone)[5].text.hasPrefix(
                "statistics alone: nextval may change something, and is not tried; "))
        let nothing = try #require(ForecastModel(ForecastFacts()).forecast())
        #expect(ForecastText.fields(nothing)[0].text == "nothing of WAL")
        #expect(ForecastText.fields(nothing)[2].text == "none")
    }

    @Test func onlyTwoDigitsOfASizeCount() {
        #expect(ForecastText.size(0) == "0 B")
        #expect(ForecastText.size(437 << 20) == "440 MiB")
        #expect(ForecastText.size(4_370 << 20) == "4.3 GiB")
        #expect(ForecastText.size(.max).hasSuffix(" PiB"))
    }

    @Test func theForecastStandsBesideWhatWasMeasured() throws {
        let forecast = try #require(ForecastModel(.sample).forecast())
        var status = RunStatus.sample
        var report = RunReport(
            status: status, exitCode: 0, message: "", seconds: 10, replicaLagSecondsMax: nil,
            walBytes: nil, didWork: true)
        #expect(RunEnding.more(report) == [])
        status.hotShare = 0.8432
        status.lanesShare = 0.97
        report = RunReport(
            status: status, exitCode: 0, message: "", seconds: 10, replicaLagSecondsMax: nil,
            walBytes: nil, didWork: true)
        report.forecast = ForecastOutcome(
            forecast: forecast, walBytes: 7 << 20, heapBytes: -(3 << 20), indexBytes: 0,
            seconds: 12)
        let lines = RunEnding.more(report)
        #expect(lines[0] == "84 % of rows changed in place (HOT), lanes used for 97 %")
        #expect(lines[1].hasPrefix("forecast / measured: WAL "))
        #expect(lines[1].contains(" / 7.0 MiB · table +"))
        #expect(lines[1].contains(" / −3.0 MiB · indexes +0 B / +0 B · "))
        #expect(lines[1].hasSuffix(" / 12 s"))
        report.forecast = ForecastOutcome(
            forecast: forecast, walBytes: nil, heapBytes: 1, indexBytes: 1, seconds: nil)
        #expect(RunEnding.more(report)[1].hasPrefix("forecast / measured: table +"))
        #expect(!RunEnding.more(report)[1].hasSuffix("s"))
        #expect(
            StatusText.detail(status, plain)
                .contains("84 % of rows changed in place (HOT), lanes used for 97 %"))
        #expect(JSONText.line(status).contains("\"hot_share\":0.8432"))
        #expect(JSONText.line(RunStatus.sample).contains("\"lanes_share\":null"))
    }
}

extension ForecastFacts {
    /// Ten thousand rows of 100 bytes without an index.
    static var sample: ForecastFacts {
        var facts = ForecastFacts()
        facts.rows = 10_000
        facts.rowBytes = 100
        facts.newRowBytes = 108
        facts.heapBytes = 1_048_576
        return facts
    }
}
