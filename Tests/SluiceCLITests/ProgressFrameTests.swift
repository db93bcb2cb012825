import SluiceCore
import Testing

@testable import Sluice
@testable import SluiceCLI

struct ProgressFrameTests {
    @Test func aWideTerminalShowsEverything() {
        let frame = ProgressFrame(columns: 100, hasColour: false).text(.sample)
        let bar = String(repeating: "█", count: 36) + "▊" + String(repeating: "░", count: 23)
        #expect(
            frame == """
                products.price_cents · run 7 · public.products
                \(bar)  61.3 % (estimate)
                1,226,000 of about 2,000,000 keys · 1,200,000 rows changed · 141,234 rows/s · \
                ETA 2 min 05 s
                4 workers · batch 5,000 · lag 0.2 s
                """)
    }

    @Test func aNarrowTerminalFoldsLines() {
        let frame = ProgressFrame(columns: 40, hasColour: false).text(.sample)
        let bar = String(repeating: "█", count: 12) + "▊" + String(repeating: "░", count: 8)
        #expect(
            frame == """
                products.price_cents · run 7
                public.products
                \(bar)  61.3 % (estimate)
                1,226,000 of about 2,000,000 keys
                1,200,000 rows changed · 141,234 rows/s
                ETA 2 min 05 s · 4 workers · batch 5,000
                lag 0.2 s
                """)
    }

    @Test func aVeryNarrowTerminalCutsWords() {
        let frame = ProgressFrame(columns: 12, hasColour: false).text(.sample)
        #expect(
            frame == """
                products.pr…
                run 7
                public.prod…
                ██▍░  61.3 %
                1,226,000 o…
                1,200,000 r…
                141,234 row…
                ETA 2 min 0…
                4 workers
                batch 5,000
                lag 0.2 s
                """)
    }

    @Test func whatItWaitsForComesLast() {
        var status = RunStatus.sample
        status.waitingFor = "replica_1 is 12 s behind\u{1B}[2J"
        let lines = ProgressFrame(columns: 80, hasColour: false).lines(status)
        #expect(lines.last == "waiting: replica_1 is 12 s behind\u{FFFD}[2J")
    }

    @Test func colourOnlyAddsEscapeSequences() {
        var status = RunStatus.sample
        status.waitingFor = "a lock"
        for columns in [20, 40, 100] {
            let plain = ProgressFrame(columns: columns, hasColour: false).lines(status)
            let colour = ProgressFrame(columns: columns, hasColour: true).lines(status)
            #expect(plain.count == colour.count)
            #expect(colour.joined().contains("\u{1B}[32m"))
            for (first, second) in zip(plain, colour) {
                #expect(LivePainter.columns(first) == LivePainter.columns(second))
            }
        }
    }

    @Test(arguments: Array(8...120))
    func noLineIsWiderThanTheTerminal(_ columns: Int) {
        var status = RunStatus.sample
        status.job = "表の名前がとても長い場合でも"
        status.waitingFor = String(repeating: "long reason ", count: 20)
        for line in ProgressFrame(columns: columns, hasColour: true).lines(status) {
            #expect(LivePainter.columns(line) <= columns)
        }
    }

    @Test func percentNeverPassesAHundredAndIsFullOnlyWhenDone() {
        var status = RunStatus.sample
        status.percent = 140
        #expect(ProgressFrame.percent(status) == 99.9)
        status.state = .completed
        #expect(ProgressFrame.percent(status) == 100)
        status.percent = .nan
        #expect(ProgressFrame.percent(status) == 0)
    }

    @Test func aWrongEstimateIsNotShownAsATotal() {
        var status = RunStatus.sample
        status.keysScanned = 2_100_000
        #expect(ProgressWords.keys(status) == "2,100,000 keys")
    }

    @Test func thePlainLineHasItAll() {
        #expect(
            ProgressWords.line(.sample)
                == "61.3 % (estimate) · 1,226,000 of about 2,000,000 keys · "
                + "1,200,000 rows changed · 141,234 rows/s · ETA 2 min 05 s · 4 workers · "
                + "batch 5,000 · lag 0.2 s")
    }
}

extension RunStatus {
    /// A run in the middle of its work, as the library reports it.
    static var sample: RunStatus {
        RunStatus(
            run: 7, job: "products.price_cents", table: "public.products", state: .running,
            keysTotalEstimate: 2_000_000, keysScanned: 1_226_000, rowsChanged: 1_200_000,
            rowsQuarantined: 0, percent: 61.3, percentIsEstimate: true, rowsPerSecond: 141_234,
            etaSeconds: 125, workers: 4, processes: 1, batchKeys: 5_000, replicaLagSeconds: 0.2,
            waitingFor: nil, error: nil, startedAt: "2026-01-02T03:04:05Z",
            updatedAt: "2026-01-02T03:04:14Z", elapsedSeconds: 9)
    }
}
