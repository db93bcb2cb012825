/// Words that have no place in a file.
enum WordingRules {
    static let all = [nothingIsLeftForLater, noOnesMachine]

    /// The words are put together here, or this file would break its own rule.
    private static let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

    static let nothingIsLeftForLater = Rule(name: "nothing-is-left-for-later") { file in
        let endings = [".swift", ".h", ".sql", ".yml", ".yaml", ".modulemap"]
        guard file.isShellScript || endings.contains(where: file.path.hasSuffix) else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            guard let marker = markers.first(where: { holds($0, in: line) }) else { return nil }
            return Violation(
                file, line: index + 1,
                "\(marker) postpones; do it now, or open an issue and delete the comment")
        }
    }

    /// Homes and workplaces of developers; `~`, `$HOME` and relative paths are everybody's.
    private static let machinePaths = ["home", "root", "Users", "work"].map { "/" + $0 + "/" }

    static let noOnesMachine = Rule(name: "no-ones-machine") { file in
        file.lines.enumerated().compactMap { index, line in
            guard let path = machinePaths.first(where: { beginsPath($0, in: line) }) else {
                return nil
            }
            return Violation(
                file, line: index + 1,
                "\(path) is on somebody's machine; use a path relative to the checkout, $HOME "
                    + "or a temporary folder")
        }
    }

    // MARK: - Searching, by bytes: a test run reads every line of the project

    private static func holds(_ word: String, in line: Substring) -> Bool {
        occurs(word, in: line) { before, after in !isWordByte(before) && !isWordByte(after) }
    }

    /// True when the path begins there and is not the rest of a longer one or of an address.
    private static func beginsPath(_ path: String, in line: Substring) -> Bool {
        occurs(path, in: line) { before, _ in
            !isWordByte(before) && !".-~/})".utf8.contains(before)
        }
    }

    /// Calls `accepts` with the bytes before and after each occurrence; 0 at the line's ends.
    private static func occurs(
        _ needle: String, in line: Substring, where accepts: (UInt8, UInt8) -> Bool
    ) -> Bool {
        guard let first = needle.utf8.first, line.utf8.count >= needle.utf8.count else {
            return false
        }
        var rest = line.utf8[...]
        var before: UInt8 = 0
        while let start = rest.firstIndex(of: first) {
            if start > rest.startIndex { before = rest[rest.index(before: start)] }
            if rest[start...].starts(with: needle.utf8) {
                let after = rest[start...].dropFirst(needle.utf8.count).first ?? 0
                if accepts(before, after) { return true }
            }
            before = first
            rest = rest[rest.index(after: start)...]
        }
        return false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...: true
        default: false
        }
    }
}
