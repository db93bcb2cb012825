import Foundation
import Testing

extension BinaryTests {
    /// The demo, as small as it can be.
    @Suite(.serialized)
    struct DemoTests {
        private let arguments = ["demo", "--scale", "1", "--baseline", "1s", "--progress", "plain"]

        /// The folder that the demo says its servers run in.
        private func folder(_ output: String) throws -> String {
            let line = try #require(output.split(separator: "\n").first { $0.contains(" run in ") })
            let words = line.split(separator: " ")
            let index = try #require(words.firstIndex(of: "in"))
            return String(words[index + 1])
        }

        @Test func theDemoVerifiesEveryRowAndLeavesNothing() async throws {
            let outcome = try await SluiceBinary.run(arguments)
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.errors == "")
            for words in [
                "PostgreSQL ", "rows changed                100,000", "rows/s", "WAL",
                "highest replica lag", "latency, 95th percentile",
                "verified: each of 100,000 rows has its new value",
            ] {
                #expect(outcome.output.contains(words), "\(words) in \(outcome.output)")
            }
            #expect(!FileManager.default.fileExists(atPath: try folder(outcome.output)))
        }

        @Test func aStoppedDemoLeavesNothing() async throws {
            let demo = try SluiceBinary.start(arguments)
            #expect(try await demo.says("pgbench works on it:"))
            demo.send(SIGINT)
            let outcome = try await demo.end()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: try folder(outcome.output)))
        }

        @Test func withoutPostgreSQLTheDemoSaysSoInOneSentence() async throws {
            let outcome = try await SluiceBinary.run(
                arguments, environment: ["SLUICE_POSTGRES_BIN": "/nonexistent"])
            #expect(outcome.code == 69)
            #expect(outcome.errors.split(separator: "\n").count == 1)
            #expect(outcome.errors.contains("/nonexistent"))
        }
    }
}
