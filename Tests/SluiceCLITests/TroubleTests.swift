import ArgumentParser
import Sluice
import SluicePostgres
import Testing

@testable import SluiceCLI

struct TroubleTests {
    static let codes: [(any Error, Int32)] = [
        (UsageError("x"), 64), (SluiceError(.refused, "x"), 64), (SluiceError(.failed, "x"), 1),
        (SluiceError(.unreachable, "x"), 69), (CancellationError(), 3),
        (PostgresError(kind: .connectFailed, message: "x"), 69),
        (PostgresError(kind: .connectionLost, message: "x"), 69),
        (PostgresError(kind: .timedOut, message: "x"), 69),
        (PostgresError(kind: .usage, message: "x"), 64),
        (PostgresError(kind: .server, message: "x"), 1),
        (PostgresError(kind: .cancelled, message: "x"), 3),
    ]

    @Test(arguments: codes.indices)
    func everyErrorHasItsExitCode(_ index: Int) {
        let (error, code) = Self.codes[index]
        #expect(Trouble(error)?.exitCode == code)
    }

    @Test func theSentenceStaysOnOneLine() {
        #expect(Trouble(SluiceError(.failed, "a\nb\u{1B}"))?.sentence == "a b\u{FFFD}")
    }

    static let usage: [([String], String)] = [
        (["stauts"], "unknown command \"stauts\"; did you mean status?; see sluice --help"),
        (["run", "--worker", "3"], "did you mean '--workers'?; see sluice run --help"),
        (["run", "--workers"], "missing value for '--workers <N|A..B>'; see sluice run --help"),
        (["pause"], "missing expected argument '<run>'; see sluice pause --help"),
        (["pause", "1", "2"], "unexpected argument '2'; see sluice pause --help"),
        (["status", "--json=yes"], "see sluice status --help"),
    ]

    @Test(arguments: usage)
    func wrongArgumentsGetOneSentenceAndTheWayToTheHelp(
        _ arguments: [String], _ expected: String
    ) async {
        do {
            _ = try await SluiceCommand.asyncParseAsRoot(arguments)
            Issue.record("\(arguments) was taken")
        } catch {
            let sentence = UsageText.sentence(for: error, arguments)
            #expect(sentence.hasSuffix(expected), "\(sentence)")
            #expect(!sentence.contains("\n"))
        }
    }

    @Test(arguments: [
        "postgresql://u:hun@ter2@localhost/db", "postgresql://u:hun/ter2@localhost/db",
        "postgresql://u:1/ter2@localhost/db",
    ])
    func thePartsOfABrokenPasswordAreNotShown(_ dsn: String) {
        let error = #expect(throws: (any Error).self) {
            try ConnectionOptions.parameters(dsn)
        }
        #expect(error.map { "\($0)".contains("ter2") || "\($0)".contains("hun") } == false)
    }

    @Test(arguments: [
        "postgresql://u:p%40w@localhost:5432/db", "host=/tmp port=5433", "dbname=a@b user=x",
        "postgresql://u@h1:1,h2:2/db", "host=@abstract",
    ])
    func soundConnectionStringsPass(_ dsn: String) throws {
        #expect(try ConnectionOptions.parameters(dsn).description.contains("="))
    }
}
