import SluiceCore
import Testing

@testable import SluiceCLI

struct ValueTests {
    @Test(arguments: [
        ("500ms", 0.5), ("10s", 10), ("2m", 120), ("2min", 120), ("1h", 3_600), ("1.5s", 1.5),
        ("0s", 0), ("10S", 10),
    ])
    func durationsHaveUnits(_ text: String, _ seconds: Double) throws {
        #expect(try DurationText.seconds(text, for: "--x") == seconds)
    }

    @Test(arguments: ["", "10", "s", "-1s", "1 s", "1d", "ten", "1..5s", "infs", "99999999h"])
    func whatIsNoDurationIsRefusedByName(_ text: String) {
        let error = #expect(throws: UsageError.self) {
            try DurationText.seconds(text, for: "--start-wait")
        }
        #expect(error?.description.contains("--start-wait") == true)
    }

    @Test(arguments: [(0.5, "500ms"), (2, "2s"), (1.5, "1.5s"), (600, "600s")])
    func durationsAreShownAsTheyAreTyped(_ seconds: Double, _ text: String) throws {
        #expect(DurationText.text(seconds) == text)
        #expect(try DurationText.seconds(text, for: "--x") == seconds)
    }

    @Test(arguments: ["0s", "0.1ms", "1000h"])
    func timeoutsFitTheServersSettings(_ text: String) {
        #expect(throws: UsageError.self) {
            try DurationText.milliseconds(text, for: "--lock-timeout")
        }
    }

    @Test(arguments: [("8", 8...8), ("1..8", 1...8), ("3..3", 3...3)])
    func workersAreANumberOrASpan(_ text: String, _ workers: ClosedRange<Int>) throws {
        #expect(try LimitText.workers(text, for: "--workers") == workers)
    }

    @Test(arguments: ["", "x", "8..1", "1..", "..8", "1..2..3", "0", "-1", "0..4", "65", "1.5"])
    func impossibleWorkersAreRefused(_ text: String) {
        #expect(throws: UsageError.self) { try LimitText.workers(text, for: "--workers") }
    }

    @Test(arguments: [("5000", 5_000), ("1", 1), ("5_000", 5_000), ("1,000,000", 1_000_000)])
    func batchIsANumberOfKeys(_ text: String, _ keys: Int) throws {
        #expect(try LimitText.batch(text, for: "--batch") == keys)
    }

    @Test(arguments: ["-5", "0", "1000001", "5k", "aut", ""])
    func impossibleBatchesAreRefused(_ text: String) {
        #expect(throws: UsageError.self) { try LimitText.batch(text, for: "--batch") }
    }

    @Test func batchesMaySizeThemselves() throws {
        #expect(try LimitText.batch("auto", for: "--batch") == nil)
        let error = #expect(throws: UsageError.self) { try LimitText.batch("atuo", for: "--batch") }
        #expect(error?.description.hasSuffix("did you mean auto?") == true)
    }

    @Test(arguments: [
        ("64kB", 65_536), ("16MB", 16 << 20), ("1GB", 1 << 30), ("1.5mb", 3 << 19),
        ("70000B", 70_000),
    ])
    func sizesHaveTheServersUnits(_ text: String, _ bytes: Int) throws {
        #expect(try LimitText.bytes(text, for: "--batch-bytes") == bytes)
        #expect(try SizeText.bytes(SizeText.text(bytes), for: "--x") == bytes)
    }

    @Test(arguments: ["", "16", "MB", "-1MB", "1 MB", "1TB", "1kB", "0B", "9999999GB", "1e5MB"])
    func impossibleSizesAreRefusedByName(_ text: String) {
        let error = #expect(throws: UsageError.self) {
            try LimitText.bytes(text, for: "--batch-bytes")
        }
        #expect(error?.description.contains("batch-bytes") == true)
    }

    @Test(arguments: [(64 << 10, "64kB"), (16 << 20, "16MB"), (1 << 30, "1GB"), (70_000, "70000B")])
    func sizesAreShownAsTheyAreTyped(_ bytes: Int, _ text: String) {
        #expect(SizeText.text(bytes) == text)
    }

    @Test func lagIsADurationAboveZeroOrOff() throws {
        #expect(try LimitText.maxLag("off", for: "--max-lag") == nil)
        #expect(try LimitText.maxLag("2m", for: "--max-lag") == 120)
        #expect(throws: UsageError.self) { try LimitText.maxLag("0s", for: "--max-lag") }
        let error = #expect(throws: UsageError.self) {
            try LimitText.maxLag("soon", for: "--max-lag")
        }
        #expect(error?.description.hasSuffix("or off") == true)
    }

    @Test(arguments: [
        ("wher", "where"), ("tabel", "table"), ("max_lagg", "max_lag"), ("Workers", "workers"),
        ("syncronous_commit", "synchronous_commit"),
    ])
    func aSlipFindsWhatWasMeant(_ word: String, _ meant: String) {
        let words = JobFileKeys.topWords + JobFileKeys.limitWords
        #expect(NearestWord.to(word, among: words) == meant)
    }

    @Test func whatIsFarFromEverythingFindsNothing() {
        #expect(NearestWord.to("colour", among: ["table", "where"]) == nil)
        #expect(NearestWord.to("x", among: ["on"]) == nil)
    }

    @Test(arguments: [("", "abc", 3), ("abc", "abc", 0), ("ab", "ba", 1), ("kitten", "sitting", 3)])
    func distanceCountsChanges(_ first: String, _ second: String, _ distance: Int) {
        #expect(NearestWord.distance(first, second) == distance)
        #expect(NearestWord.distance(second, first) == distance)
    }

    @Test func keyColumnsSplitAtCommasOutsideQuotes() throws {
        #expect(try JobOptions.columns("a, \"b,c\" ,d", for: "--key") == ["a", "\"b,c\"", "d"])
        for text in ["", "a,", "a b", "\"a", "a.b"] {
            #expect(throws: UsageError.self) { try JobOptions.columns(text, for: "--key") }
        }
    }

    @Test func aShareOfATableIsReadAndWritten() throws {
        let shares: [(String, VacuumSetting)] = [
            ("off", .off), ("AUTO", .auto), ("5%", .share(0.05)), ("0.1%", .share(0.001)),
            ("12.5%", .share(0.125)), ("100%", .share(1)),
        ]
        for (text, setting) in shares {
            #expect(try LimitText.vacuum(text, for: "--vacuum") == setting)
            #expect(setting.text == text.lowercased())
        }
        for text in ["", "5", "%", "0%", "0.09%", "101%", "nan%", "-5%", "5 %x", "on"] {
            #expect(throws: UsageError.self) { try LimitText.vacuum(text, for: "--vacuum") }
        }
        let error = #expect(throws: UsageError.self) {
            try LimitText.vacuum("atuo", for: "--vacuum")
        }
        #expect(error?.description.contains("did you mean auto?") == true)
    }
}
