import Sluice
import SluiceTestSupport
import Testing

extension TestDatabase {
    /// Makes each batch that does `event` on `table` take at least 20 ms, so that it can be caught
    /// at work.
    func hold(_ event: String, on table: String) async throws {
        try await execute(
            """
            CREATE OR REPLACE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END $$;
            CREATE TRIGGER held BEFORE \(event) ON \(table)
            FOR EACH STATEMENT EXECUTE FUNCTION held();
            """)
    }

    /// Starts a command and kills it when it has committed something, several times, then drains
    /// it once, then lets it end.
    func runThoughKilled(_ arguments: [String], times: Int = 4) async throws {
        let all = arguments + ["--batch", "100", "--workers", "2", "--progress", "plain"]
        for time in 0...times {
            let before = try await keysScanned()
            let process = try start(all)
            // A killed process's last batches may still be committing.
            try await eventually("a batch is committed", every: .milliseconds(5)) {
                try await keysScanned() > before && process.output.contains("run 1")
            }
            #expect(process.isRunning, "\(process.output)\(process.errors)")
            if time < times {
                try await process.kill9()
            } else {
                process.send(2)
                #expect(try await process.wait() == 3, "\(process.errors)")
            }
        }
        let end = try await command(all)
        #expect(end.code == 0, "\(end.text)")
        #expect(end.text.contains("resumed run 1"), "\(end.text)")
    }

    /// The run's state, keys and rows by the ledger.
    func ledger() async throws -> String {
        try await value(
            """
            SELECT r.kind || ' ' || r.state || ' ' || coalesce(sum(g.keys_scanned), 0) || ' '
            || coalesce(sum(g.rows_changed), 0)
            FROM sluice.run r LEFT JOIN sluice.range g ON g.run = r.id
            WHERE r.id = (SELECT max(id) FROM sluice.run) GROUP BY r.id
            """) ?? ""
    }
}
