import Foundation

/// One statement of a script.
struct Statement: Sendable {
    /// What it is, such as `AlterTableStmt`.
    let kind: String
    /// Its fields.
    let body: Node
    /// Its text, without comments before it and without the semicolon.
    let text: String
    /// The line it begins in, from 1.
    let line: Int
    /// Rules that a comment before it or in it switches off.
    let ignored: Set<String>

    private let bytes: [UInt8]

    /// Takes a part of a script; a location before any byte of the statement may lie in front of
    /// its comments.
    init(_ node: Node, in script: [UInt8], from start: Int, count: Int?) {
        kind = node.kind ?? ""
        body = node.body
        bytes = script
        let end = count.map { min(script.count, start + $0) } ?? script.count
        let range = Array(script[min(start, end)..<end])
        let lead = Self.leading(range)
        text = String(decoding: range[lead...], as: UTF8.self)
            .trimmingTail()
        line = 1 + script[..<(start + lead)].count { $0 == UInt8(ascii: "\n") }
        ignored = Self.ignored(in: String(decoding: range, as: UTF8.self))
    }

    /// The line of a node's location.
    func line(of node: Node) -> Int {
        guard let location = node["location"].number, location > 0, location <= bytes.count else {
            return line
        }
        return 1 + bytes[..<location].count { $0 == UInt8(ascii: "\n") }
    }

    /// What stands in the first parentheses behind a node's location.
    ///
    /// `nil` without any, and where it holds what only the grammar can read: comments, dollar
    /// quotes, escapes, a text of several lines.
    func parenthesis(after node: Node) -> String? {
        guard let location = node["location"].number, location > 0 else { return nil }
        var depth = 0
        var quote: UInt8?
        var inner: [UInt8] = []
        for byte in bytes.dropFirst(location) {
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 {
                    return Self.oneLine(String(decoding: inner, as: UTF8.self))
                }
            }
            if depth > 0 { inner.append(byte) }
            if quote == nil, byte == UInt8(ascii: "(") { depth += 1 }
        }
        return nil
    }

    private static func oneLine(_ text: String) -> String? {
        let isHard = ["--", "/*", "$", "\\"].contains { text.contains($0) }
        guard !isHard else { return nil }
        if text.contains("'") || text.contains("\"") {
            return text.contains(where: \.isNewline) ? nil : text
        }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// How many bytes of blanks and comments come first.
    private static func leading(_ bytes: [UInt8]) -> Int {
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            if [0x20, 0x09, 0x0A, 0x0D, 0x0C].contains(bytes[index]) {
                index += 1
            } else if rest.starts(with: Array("--".utf8)) {
                index = rest.firstIndex(of: 0x0A) ?? bytes.count
            } else if rest.starts(with: Array("/*".utf8)) {
                index = endOfComment(bytes, from: index)
            } else {
                break
            }
        }
        return min(index, bytes.count)
    }

    /// Behind a comment, which may hold others.
    private static func endOfComment(_ bytes: [UInt8], from start: Int) -> Int {
        var depth = 0
        var index = start
        while index + 1 < bytes.count {
            let pair = (bytes[index], bytes[index + 1])
            if pair == (UInt8(ascii: "/"), UInt8(ascii: "*")) {
                depth += 1
                index += 2
            } else if pair == (UInt8(ascii: "*"), UInt8(ascii: "/")) {
                depth -= 1
                index += 2
                if depth == 0 { return index }
            } else {
                index += 1
            }
        }
        return bytes.count
    }

    /// Names behind `sluice:ignore` in its comments; `*` is every rule.
    private static func ignored(in text: String) -> Set<String> {
        var rules: Set<String> = []
        for line in text.split(whereSeparator: \.isNewline) {
            guard let comment = line.range(of: "--"),
                let mark = line[comment.upperBound...].range(of: "sluice:ignore")
            else { continue }
            let names = line[mark.upperBound...].split { $0 == "," || $0.isWhitespace }
            rules.formUnion(names.isEmpty ? ["*"] : names.map(String.init))
        }
        return rules
    }
}

extension String {
    fileprivate func trimmingTail() -> String {
        String(reversed().drop { $0.isWhitespace || $0 == ";" }.reversed())
    }
}
