import Testing

@testable import SluiceCLI

struct FormatTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-1_000, "-1,000"),
        (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func countsHaveThousandsSeparators(_ value: Int, _ text: String) {
        #expect(Format.count(value) == text)
    }

    @Test func nounsFollowTheirNumber() {
        #expect(Format.count(1, "row") == "1 row")
        #expect(Format.count(0, "row") == "0 rows")
    }

    @Test(arguments: [
        (0.0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 00 s"), (125, "2 min 05 s"), (3_599.7, "1 h 00 min"),
        (11_220, "3 h 07 min"), (187_200, "2 d 04 h"), (-1, "–"), (.infinity, "–"), (.nan, "–"),
    ])
    func durationsAreReadable(_ seconds: Double, _ text: String) {
        #expect(Format.duration(seconds) == text)
    }

    @Test(arguments: [
        (-1, "0 B"), (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (4_194_304, "4.0 MiB"),
        (104_857_600, "100 MiB"), (1_048_575, "1.0 MiB"), (2_040_109_466, "1.9 GiB"),
    ])
    func sizesHaveBinaryUnits(_ count: Int, _ text: String) {
        #expect(Format.bytes(count) == text)
    }

    @Test(arguments: [
        (0.0, "0.0 %"), (99.96, "99.9 %"), (100, "100.0 %"), (140, "100.0 %"), (-3, "0.0 %"),
        (.nan, "0.0 %"), (.infinity, "0.0 %"),
    ])
    func percentRoundsDownAndStaysWithinBounds(_ value: Double, _ text: String) {
        #expect(Format.percent(value) == text)
    }

    @Test(arguments: [
        (0.0, "0 rows/s"), (0.42, "0.4 rows/s"), (12.4, "12 rows/s"), (140_000, "140,000 rows/s"),
        (.infinity, "0 rows/s"),
    ])
    func slowRatesKeepADigit(_ value: Double, _ text: String) {
        #expect(Format.rate(value) == text)
    }

    @Test func controlCharactersNeverReachTheTerminal() {
        #expect(
            Printable.clean("a\u{1B}[31mb\nc\u{7}\u{202E}d") == "a\u{FFFD}[31mb c\u{FFFD}\u{FFFD}d")
    }

    @Test(arguments: [
        ("plain", 5, "plain"), ("plain", 4, "pla…"), ("表の名前", 8, "表の名前"),
        ("表の名前", 7, "表の名…"), ("表の名前", 6, "表の…"), ("x", 0, ""),
    ])
    func cutTextFitsItsColumns(_ text: String, _ columns: Int, _ fitted: String) {
        #expect(Printable.fit(text, columns: columns) == fitted)
        #expect(Printable.columns(fitted) <= columns)
    }
}
