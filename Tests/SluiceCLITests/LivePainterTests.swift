import Testing

@testable import SluiceCLI

struct LivePainterTests {
    @Test func theFirstFrameHidesTheCursorAndTheLastGivesItBack() {
        var painter = LivePainter()
        let first = painter.paint(lines: ["a"], columns: 10, rows: 24)
        #expect(first == "\u{1B}[?25la\u{1B}[K\n")
        #expect(painter.finish() == "\r\u{1B}[J\u{1B}[?25h")
        #expect(painter.finish() == "")
    }

    @Test func aPanelIsReplacedWhereItStands() {
        var painter = LivePainter()
        _ = painter.paint(lines: ["a", "b"], columns: 10, rows: 24)
        let second = painter.paint(above: ["note"], lines: ["c"], columns: 10, rows: 24)
        #expect(second == "\r\u{1B}[2Anote\u{1B}[K\nc\u{1B}[K\n\u{1B}[J")
    }

    @Test func linesThatANarrowerTerminalFoldedAreErasedToo() {
        var painter = LivePainter()
        _ = painter.paint(lines: ["1234567890", "12"], columns: 10, rows: 24)
        let second = painter.paint(lines: ["x"], columns: 4, rows: 24)
        #expect(second.hasPrefix("\r\u{1B}[4A"))
    }

    @Test func aPanelIsNeverTallerThanTheScreen() {
        var painter = LivePainter()
        let text = painter.paint(lines: ["1", "2", "3", "4"], columns: 10, rows: 3)
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test(arguments: [
        (["TERM": "xterm"], true, true, true), (["TERM": "dumb"], true, false, false),
        ([:], true, false, false), (["TERM": "xterm"], false, false, false),
        (["TERM": "xterm", "NO_COLOR": "1"], true, true, false),
        (["TERM": "xterm", "NO_COLOR": ""], true, true, true),
    ])
    func theTerminalIsTakenAtItsWord(
        _ environment: [String: String], _ isTerminal: Bool, _ isCapable: Bool, _ colour: Bool
    ) {
        let terminal = Terminal(environment: environment, isTerminal: isTerminal)
        #expect(terminal.isCapable == isCapable)
        #expect(terminal.hasColour == colour)
    }
}

struct PlainPaceTests {
    @Test func linesComeAboutEveryFiveSeconds() {
        var pace = PlainPace()
        var due: [Double] = []
        for second in stride(from: 0.0, through: 20, by: 0.5)
        where pace.isDue(atSeconds: second, waitingFor: nil) {
            due.append(second)
        }
        #expect(due == [0, 5, 10, 15, 20])
    }

    @Test func aNewReasonToWaitIsSaidSoonerButNotForEachNewNumber() {
        var pace = PlainPace()
        let steps: [(Double, String?, Bool)] = [
            (0, nil, true), (0.5, "replica is 11.2 s behind", false),
            (1, "replica is 11.7 s behind", true), (3, "replica is 13.9 s behind", false),
            (4, nil, true), (4.5, nil, false),
        ]
        for (second, reason, expected) in steps {
            let isDue = pace.isDue(atSeconds: second, waitingFor: reason)
            #expect(isDue == expected, "at \(second) s")
        }
    }
}
