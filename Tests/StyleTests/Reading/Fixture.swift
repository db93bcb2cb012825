import Foundation

/// A file that shows a rule what to flag, or what to leave alone.
///
/// It begins with `path: …`, the place that the file pretends to have, and perhaps `executable`;
/// after an empty line comes its content. A line that ends in ` ✗` must be flagged; the mark is
/// taken away before the rule reads the line.
struct Fixture: Sendable {
    let name: String
    let file: SourceFile
    /// Counted from 1 in the content, in order.
    let markedLines: [Int]

    private static let mark = " ✗"
    private static let folder = Checkout.root.appending(path: Checkout.fixturesPath)

    /// The fixtures of a rule whose names begin so: `bad` or `good`.
    static func all(of rule: Rule, named prefix: String) throws -> [Fixture] {
        try Checkout.allPaths(under: folder.appending(path: rule.name))
            .filter { $0.hasPrefix(prefix) }
            .map { try Fixture(name: "\(rule.name)/\($0)") }
    }

    /// The rules that have fixtures.
    static func ruleNames() -> Set<String> {
        Set(
            Checkout.allPaths(under: folder).compactMap { $0.split(separator: "/").first }
                .map(String.init))
    }

    private init(name: String) throws {
        self.name = name
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let header = lines.prefix { !$0.isEmpty }
        lines.removeFirst(header.count + 1)
        let path = header.first { $0.hasPrefix("path: ") }?.dropFirst("path: ".count)
        self.markedLines = lines.indices.filter { lines[$0].hasSuffix(Self.mark) }.map { $0 + 1 }
        let content = lines.map { line -> Substring in
            guard line.hasSuffix(Self.mark) else { return line }
            var bare = line.dropLast(Self.mark.count)
            while bare.hasSuffix(" ") { bare.removeLast() }
            return bare
        }
        self.file = SourceFile(
            path: String(path ?? ""), text: content.joined(separator: "\n"),
            isExecutable: header.contains("executable"))
    }
}
