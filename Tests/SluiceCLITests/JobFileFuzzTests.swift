import Foundation
import SluiceCore
import Testing

@testable import SluiceCLI

/// 10,000 damaged job files: each is read, or refused with file and line.
@Suite(.serialized) struct JobFileFuzzTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4]
    private static let filesEach = 2_500

    @Test(arguments: seeds)
    func aDamagedFileIsReadOrRefusedWithItsLine(seed: UInt64) async throws {
        let whole = try Self.wholeFiles()
        var damage = Damage(seed: seed)
        var refused = 0
        for index in 0..<Self.filesEach {
            // Tests that measure time share these threads.
            await Task.yield()
            var bytes = whole[index % whole.count]
            for _ in 0...(index % 3) { damage.strike(&bytes) }
            do {
                _ = try JobFileReader.read(data: Data(bytes), file: "job.yaml")
            } catch {
                refused += 1
                let sentence = error.description
                let lines = bytes.count { $0 == 10 || $0 == 13 } + Self.lineBreaksBeyondASCII
                expectLocated(sentence, lines: lines, "seed \(seed), file \(index)", bytes)
            }
        }
        // Damage that nobody notices would show nothing.
        #expect(refused > Self.filesEach / 4 && refused < Self.filesEach)
    }

    /// YAML also ends lines at U+0085, U+2028 and U+2029.
    private static let lineBreaksBeyondASCII = 8

    private static func wholeFiles() throws -> [[UInt8]] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try ["price_cents", "archive", "every_option"].map { name in
            Array(try Data(contentsOf: root.appendingPathComponent("docs/examples/\(name).yaml")))
        }
    }

    private func expectLocated(
        _ sentence: String, lines: Int, _ place: String, _ bytes: [UInt8]
    ) {
        let parts = sentence.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        let line = parts.count == 3 && parts[0] == "job.yaml" ? Int(parts[1]) : nil
        guard let line, (1...lines + 1).contains(line), !sentence.contains("\n") else {
            let text = String(decoding: bytes.prefix(2_000), as: UTF8.self)
            Issue.record("\(place): \(sentence.debugDescription)\n\(text)")
            return
        }
    }
}

/// What happens to files: bytes flip, lines double, ends are lost.
private struct Damage {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let specials = [
        ":", ": ", "- ", "#", " #", "&a ", "*a", "!", "!!int ", "!<x> ", "|", ">", "|9\n", "'",
        "\"", "%", "%YAML 9.9\n", "@", "`", "{", "}", "[", "]", ",", "? ", "---\n", "...\n", "\t",
        "\0", "\u{FEFF}", "\u{85}", "\u{2028}", "\u{7F}", "\u{1}", "~", "null", "<<: *a\n", "\r",
        "\"\\ud800\"", "\"\\x00\"", "\"\\U00110000\"", "a: &a [*a, *a]\n", "😀", "\u{301}",
    ]
    private static let numbers = [
        "9223372036854775808", "-1", "1e999", "0x7fffffffffffffff", "nan", ".inf", "1..", "..8",
        "8..1", "99999999999999999999999999s", "1e308h", "0.0000001ms", "1.2.3s", "00", "١٢",
        "9223372036854775807..9223372036854775807", "1EB", "9999999999GB", "-0",
    ]

    /// Does one kind of damage somewhere.
    mutating func strike(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
        switch Int.random(in: 0..<10, using: &generator) {
        case 0 where place < bytes.count:
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1 where place < bytes.count:
            bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.removeSubrange(place...)
        case 4: copyLine(&bytes)
        case 5: replaceValue(&bytes)
        case 6: bytes.insert(contentsOf: nest(), at: place)
        case 7: bytes.insert(contentsOf: bytes[place..<end], at: bytes.count - place)
        default:
            let special = Self.specials[Int.random(in: 0..<Self.specials.count, using: &generator)]
            bytes.insert(contentsOf: special.utf8, at: place)
        }
    }

    /// Writes a line once more, somewhere.
    private mutating func copyLine(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let from = Int.random(in: 0..<lines.count, using: &generator)
        lines.insert(lines[from], at: Int.random(in: 0...lines.count, using: &generator))
        bytes = Array(lines.joined(separator: [10]))
    }

    /// Puts a number behind some key's colon.
    private mutating func replaceValue(_ bytes: inout [UInt8]) {
        let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
        guard !colons.isEmpty else { return }
        let colon = colons[Int.random(in: 0..<colons.count, using: &generator)]
        let end = bytes[colon...].firstIndex(of: 10) ?? bytes.endIndex
        let number = Self.numbers[Int.random(in: 0..<Self.numbers.count, using: &generator)]
        bytes.replaceSubrange(colon..<end, with: Array(": \(number)".utf8))
    }

    private mutating func nest() -> [UInt8] {
        let opening = ["[", "{", "- ", "? ", "{a: ", "[[{", "!a [", "&b ["]
        let piece = opening[Int.random(in: 0..<opening.count, using: &generator)]
        let depth = [3, 50, 900, 3_000][Int.random(in: 0..<4, using: &generator)]
        return Array(String(repeating: piece, count: depth).utf8)
    }
}
