import Foundation
import Sluice
import SluiceCore
import SluiceTestSupport
import Synchronization
import Testing

/// What the control law saw and decided can be had without a file, and beside one.
@Suite(.timeLimit(.minutes(12))) struct TracedRunTests {
    /// Events, as they were handed over.
    private final class Events: Sendable {
        private let events = Mutex<[ControlTrace.Event]>([])
        var all: [ControlTrace.Event] { events.withLock { $0 } }
        func add(_ more: [ControlTrace.Event]) { events.withLock { $0 += more } }
    }

    @Test(arguments: [false, true]) func everyBatchIsHandedOver(_ hasFile: Bool) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000)
            let events = Events()
            var options = RunOptions.with(workers: 1, batch: 500)
            options.traced = { events.add($0) }
            let file = FileManager.default.temporaryDirectory
                .appending(path: "\(UUID().uuidString).ndjson")
            defer { try? FileManager.default.removeItem(at: file) }
            if hasFile { options.tracePath = file.path }
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 0, "\(report.message)")
            let samples = events.all.compactMap { event -> BatchSample? in
                guard case .finished(_, let sample, _, _) = event else { return nil }
                return sample
            }
            let committed = samples.filter { $0.outcome == .committed }
            #expect(committed.count >= 6, "no batch is of more than 500 rows")
            #expect(committed.contains { $0.latencySeconds > 0 })
            let text = try? String(contentsOf: file, encoding: .utf8)
            #expect(text?.split(separator: "\n").count == (hasFile ? events.all.count : nil))
        }
    }
}
