import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// Several processes that cut each other's ranges, of which one after the other is killed.
@Suite(.timeLimit(.minutes(12))) struct SplitKillTests {
    @Test func rangesThatAreCutWhileProcessesDieAreDoneOnce() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        try await TestDatabase.with(alone: true) { database in
            let rows = 150_000
            // One range of text keys to begin with: whatever is shared was cut while it went on.
            try await database.execute(
                """
                CREATE TABLE t (id text COLLATE "en-x-icu" PRIMARY KEY,
                n integer NOT NULL DEFAULT 0) WITH (autovacuum_enabled = off);
                INSERT INTO t (id) SELECT chr(65 + i % 2 * 32 + i % 26) || i
                FROM generate_series(1, \(rows)) i;
                """)
            var random = SeededGenerator(seed: seed)
            let begin = { try database.startIncrement(workers: 2, batch: 10) }
            var processes = [try begin(), try begin(), try begin()]
            var killed = 0
            for _ in 0..<12 {
                let before = try await database.keysScanned()
                let more = Int.random(in: 1...1_500, using: &random)
                try await eventually("\(more) more keys, seed \(seed)", every: .milliseconds(5)) {
                    try await database.keysScanned() >= min(rows, before + more)
                }
                let index = processes.indices.randomElement(using: &random) ?? 0
                if processes[index].isRunning { killed += 1 }
                try await processes[index].kill9()
                processes[index] = try begin()
            }
            #expect(killed >= 6, "seed \(seed)")
            for process in processes {
                let code = try await process.wait(within: .seconds(120))
                #expect(code == 0, "seed \(seed): \(process.errors)")
            }
            #expect(try await database.histogram() == "1:\(rows)", "seed \(seed)")
            #expect(try await database.keysScanned() == rows, "seed \(seed)")
            let splits = try await database.number(
                "SELECT count(*) FROM sluice.event WHERE kind = 'split'")
            #expect(splits >= 5, "seed \(seed)")
            #expect(try await database.rangesCover(), "seed \(seed)")
        }
    }
}
