import Foundation
import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

@Suite struct ThrottleAnswerTests {
    private func reason(_ value: String?) -> String? {
        ThrottleAnswer.reason(
            QueryResult(commandTag: "SELECT 1", columns: ["b"], rows: [[value]]))
    }

    @Test(arguments: ["t", "true", "1", "-1", "0.5", "1e3", "yes", "on", "busy", "NaN", "00:01"])
    func whatIsTrueWaits(_ value: String) {
        #expect(reason(value) == "--throttle-query answered \(value)")
    }

    @Test(arguments: ["f", "false", "F", "0", "0.00", "-0", "no", "n", "off", "OFF", "", " ", nil])
    func whatIsFalseGoesOn(_ value: String?) {
        #expect(reason(value) == nil)
    }

    @Test func noRowGoesOnAndSeveralWait() {
        let none = QueryResult(commandTag: "SELECT 0", columns: ["b"])
        #expect(ThrottleAnswer.reason(none) == nil)
        let two = QueryResult(commandTag: "SELECT 2", columns: ["b"], rows: [["f"], ["f"]])
        #expect(ThrottleAnswer.reason(two)?.contains("2 rows") == true)
    }

    @Test func aLongAnswerIsCutToOneLine() {
        let reason = reason("a\nb" + String(repeating: "c", count: 200)) ?? ""
        #expect(reason.hasPrefix("--throttle-query answered a bccc") && reason.count < 90)
    }
}

@Suite struct ThrottleObserverAnswerTests {
    /// When an answer that took so long is too old, in seconds after it was asked for.
    @Test(arguments: [(0.01, 15.0), (2.3, 15.0), (2.5, 16.0), (4.0, 25.0), (5.0, 31.0)])
    func anAnswerThatTookLongCountsUntilTheNextOneCanBeThere(took: Double, stale: Double) {
        let asked = ContinuousClock.now
        let answer = ThrottleObserver.Answer(
            question: "SELECT false", reason: nil, asked: asked, took: .seconds(took))
        #expect(!answer.isStale(at: asked.advanced(by: .seconds(stale - 0.01))))
        #expect(answer.isStale(at: asked.advanced(by: .seconds(stale + 0.01))))
        // Asked again after four times as long, it takes as long once more.
        #expect(!answer.isStale(at: asked.advanced(by: .seconds(6 * took))))
    }
}

@Suite struct StoredLimitsTests {
    @Test func whatIsWrittenIsRead() {
        var limits = Limits(batchKeys: 7)
        #expect(StoredLimits(limits).json == #"{"lanes":"auto","vacuum":"auto"}"#)
        limits.lanes = .fixed(16)
        limits.order = .physical
        limits.vacuum = .share(0.125)
        limits.maxRowsPerSecond = 20_000
        limits.maxWalBytesPerSecond = 1e6
        limits.maxPgWalBytes = 20 << 30
        limits.batchSecondsMax = 0.1
        limits.foregroundBudget = .seconds(0.01)
        limits.foregroundProbe = "SELECT \"a\"\n'b'"
        limits.window = RunWindow(
            spans: [.init(from: 1_320, to: 360), .init(from: 0, to: 1_440)], zone: "UTC")
        limits.throttleQuery = "SELECT true"
        limits.throttleFile = "/tmp/ä"
        limits.throttleURL = "http://h/?a=b"
        let json = StoredLimits(limits).json
        #expect(StoredLimits.parse(json)?.applied(to: Limits(batchKeys: 7)) == limits)
        limits.foregroundBudget = .multiple(1.5)
        limits.foregroundAloneSeconds = 0.002
        let measured = StoredLimits.parse(StoredLimits(limits).json)
        #expect(measured?.applied(to: Limits(batchKeys: 7)) == limits)
        #expect(limits.foregroundBudgetSeconds == 0.003)
        // What an older version wrote goes on without lanes, and nonsense is refused.
        #expect(StoredLimits.parse("{}")?.applied(to: limits).lanes == .off)
        #expect(StoredLimits.parse("{}")?.applied(to: limits).order == .auto)
        #expect(StoredLimits.parse(#"{"lanes":"many"}"#) == nil)
        #expect(StoredLimits.parse(#"{"order":"random"}"#) == nil)
        #expect(json.contains("\"window\":{\"spans_minutes\":[[1320,360],[0,1440]],\"zone\""))
    }

    @Test(arguments: [
        "", "[]", "{\"max_rows_per_second\":\"x\"}",
        "{\"window\":{\"zone\":\"UTC\",\"spans_minutes\":[[1]]}}",
    ])
    func whatWasChangedByHandIsNotRead(_ json: String) {
        #expect(StoredLimits.parse(json) == nil)
    }
}

@Suite struct WindowClockTests {
    /// One second before Stockholm's clock goes from 2 to 3 in the morning, 29 March 2026.
    private let spring = Date(timeIntervalSince1970: 1_774_745_999)
    /// 2:30 for the first time on 25 October 2026; an hour later it is 2:30 again.
    private let autumn = Date(timeIntervalSince1970: 1_792_888_200)

    @Test func theClockOnTheWallKnowsDaylightSaving() {
        let zone = "Europe/Stockholm"
        #expect(WindowClock.minuteOfDay(in: zone, at: spring) == 119)
        #expect(WindowClock.minuteOfDay(in: zone, at: spring.addingTimeInterval(1)) == 180)
        #expect(WindowClock.minuteOfDay(in: zone, at: autumn) == 150)
        #expect(WindowClock.minuteOfDay(in: zone, at: autumn.addingTimeInterval(3_600)) == 150)
        #expect(WindowClock.minuteOfDay(in: "UTC", at: spring) == 59)
        #expect(WindowClock.minuteOfDay(in: "Asia/Kathmandu", at: spring) == 404)
        #expect(WindowClock.minuteOfDay(in: "Europe/Stokholm", at: spring) == nil)
    }

    @Test func theReasonSaysHowLongItTakes() {
        func reason(_ from: Int, _ to: Int, _ zone: String = "UTC") -> String? {
            WindowClock.reason(
                RunWindow(spans: [.init(from: from, to: to)], zone: zone), at: spring)
        }
        #expect(reason(0, 60) == nil)
        #expect(reason(1_320, 60) == nil)
        #expect(reason(251, 360) == "the window 04:11-06:00 opens in 3 h 12 min (UTC)")
        #expect(reason(60, 120)?.contains("opens in 1 min (") == true)
        #expect(reason(119, 180)?.contains("opens in 1 h (") == true)
        #expect(reason(0, 60, "Nowhere")?.contains("not known") == true)
    }
}

@Suite struct ThrottleURLTests {
    @Test(arguments: [
        ("http://h:80/a", "http://h:80/a"), ("http://u:hunter2@h/a", "http://h/a"),
        ("http://h/a?token=hunter2", "http://h/a?…"), ("http://h/#hunter2", "http://h/?…"),
    ])
    func whatMayBeASecretIsNotShown(_ url: String, _ shown: String) {
        #expect(ThrottleURL.shown(url) == shown)
    }

    @Test func aFileIsLookedForInAFolderThatExists() {
        #expect(ThrottleFile.reason("/nonexistent-\(UUID().uuidString)") == nil)
        #expect(ThrottleFile.reason("/tmp") == "--throttle-file /tmp exists")
        #expect(ThrottleFile.reason("/nowhere/a")?.contains("does not exist") == true)
        #expect(ThrottleFile.reason("/dev/null/a")?.contains("does not exist") == true)
    }
}
