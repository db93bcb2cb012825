import Foundation
import SluiceCore
import Testing

@testable import SluiceCLI

struct ThrottleValueTests {
    @Test(arguments: [
        ("20000", 20_000), ("20k", 20_000), ("20K", 20_000), ("1.5M", 1_500_000),
        ("20000 rows/s", 20_000), ("20k rows/s", 20_000), ("20k/s", 20_000), (" 1 ", 1),
        ("20_000", 20_000),
    ])
    func ratesAreRowsInASecond(_ text: String, _ rate: Double) throws {
        #expect(try ThrottleText.rate(text, for: "--max-rate") == rate)
    }

    @Test(arguments: [
        "", "0", "-1", "k", "1e9", "20 km", "0.5", "9999M", "nan", "1..5", "20000 rows/min",
    ])
    func impossibleRatesAreRefusedByName(_ text: String) {
        let error = #expect(throws: UsageError.self) {
            try ThrottleText.rate(text, for: "--max-rate")
        }
        #expect(error?.description.contains("max-rate") == true)
        #expect(error?.description.contains("off") == true)
    }

    @Test(arguments: [("40MB/s", 40 << 20), ("40MB", 40 << 20), ("64kB/s", 1 << 16)])
    func logIsBytesInASecond(_ text: String, _ bytes: Int) throws {
        #expect(try ThrottleText.bytes(text, for: "--max-wal") == Double(bytes))
    }

    @Test(arguments: ["", "40", "40MB/min", "1kB/s", "-1MB", "0B", "2000GB"])
    func impossibleLogRatesAreRefusedByName(_ text: String) {
        let error = #expect(throws: UsageError.self) {
            try ThrottleText.bytes(text, for: "--max-wal")
        }
        #expect(error?.description.contains("max-wal") == true)
    }

    @Test func theLogsDiskIsASize() throws {
        #expect(try ThrottleText.folder(" 20GB", for: "--max-pg-wal") == 20 << 30)
        for text in ["", "20", "63MB", "20GB/s", "-1GB", "0B"] {
            let error = #expect(throws: UsageError.self) {
                try ThrottleText.folder(text, for: "--max-pg-wal")
            }
            #expect(error?.description.contains("off") == true, "\(text)")
        }
    }

    @Test func budgetsAreAboveZeroAndBelowTheProbesTimeout() throws {
        #expect(try ThrottleText.budget("10ms", for: "--foreground-budget") == .seconds(0.01))
        for (text, times) in [("1.5x", 1.5), ("2X", 2), (" 1.25 x", 1.25)] {
            #expect(try ThrottleText.budget(text, for: "--foreground-budget") == .multiple(times))
        }
        for text in ["0s", "5s", "10", "soon", "x", "1x", "0.5x", "-2x", "nanx", "101x", "2xx"] {
            let error = #expect(throws: UsageError.self) {
                try ThrottleText.budget(text, for: "--foreground-budget")
            }
            #expect(error?.description.contains("off") == true, "\(text)")
        }
    }

    @Test(arguments: [
        ("22:00-06:00@Europe/Stockholm", "22:00-06:00@Europe/Stockholm"),
        ("22:00-6:00 @ europe/stockholm", "22:00-06:00@Europe/Stockholm"),
        ("00:00-24:00@UTC", "00:00-24:00@UTC"),
        ("22:00-00:00, 12:00-13:30@Asia/Calcutta", "22:00-00:00,12:00-13:30@Asia/Calcutta"),
    ])
    func windowsAreHoursWithAZone(_ text: String, _ shown: String) throws {
        #expect(try WindowText.window(text, for: "--window").text == shown)
    }

    @Test func withoutAZoneTheHostsCounts() throws {
        let window = try WindowText.window("01:00-02:00", for: "--window")
        #expect(window.zone == TimeZone.current.identifier)
    }

    static let windows: [(String, String)] = [
        ("", "takes hours"), ("22-06", "takes hours"), ("22:00", "takes hours"),
        ("22:00-06:00,", "takes hours"), ("22:60-23:00", "takes hours"),
        ("24:01-25:00", "takes hours"), ("1:2-3:4", "takes hours"), ("a@b@c", "takes hours"),
        ("12:00-12:00", "no time at all"), ("24:00-06:00", "begin before 24:00"),
        ("22:00-06:00@", "not known"), ("22:00-06:00@Europe/Stokholm", "mean Europe/Stockholm?"),
        ("22:00-06:00@stockholm", "mean Europe/Stockholm?"),
        ("22:00-06:00@Nowhere/Atall", "as in Europe/Stockholm"),
    ]

    @Test(arguments: windows)
    func impossibleWindowsAreRefusedByName(_ text: String, _ words: String) {
        let error = #expect(throws: UsageError.self) {
            try WindowText.window(text, for: "--window")
        }
        #expect(error?.description.hasPrefix("--window ") == true)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["http://h/", "https://h:8443/ready?a=b", "HTTP://[::1]:80"])
    func addressesAreOfHTTP(_ text: String) throws {
        #expect(try ThrottleText.url(text, for: "--throttle-url") == text)
    }

    @Test(arguments: [
        "", "ftp://h/", "htp://h/", "h:80", "http://", "/ready", "http://u:hunter2@h/",
        "http://hunter2@h/", "://u:hunter2@h", "http://h:hunter2@x:y/",
    ])
    func otherAddressesAreRefusedAndNotRepeated(_ text: String) {
        let error = #expect(throws: UsageError.self) {
            try ThrottleText.url(text, for: "--throttle-url")
        }
        #expect(error?.description.contains("--throttle-url") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func sqlLosesItsLastSemicolonAndNothingElse() throws {
        #expect(try ThrottleText.sql(" SELECT 1 ; \n", for: "--x") == "SELECT 1")
        #expect(try ThrottleText.sql("SELECT 1; SELECT 2", for: "--x") == "SELECT 1; SELECT 2")
        #expect(throws: UsageError.self) { try ThrottleText.sql(";", for: "--x") }
    }
}
