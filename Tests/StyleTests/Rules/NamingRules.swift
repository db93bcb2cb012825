/// A file is named by the one concept it holds.
enum NamingRules {
    static let all = [namesSayWhat]

    static let namesSayWhat = Rule(name: "names-say-what") { file in
        file.path.split(separator: "/").compactMap { component in
            guard saysNothing(component) else { return nil }
            return Violation(
                file, line: 1, "'\(component)' says nothing; name it after the one thing it holds")
        }
    }

    /// As a whole name, or as its last part: `Utils/`, `Helpers.swift`, `StringUtils.swift`.
    private static func saysNothing(_ component: Substring) -> Bool {
        let stem = component.prefix { $0 != "." && $0 != "+" }
        let whole: Set<String> = [
            "common", "helper", "helpers", "misc", "miscellaneous", "util", "utilities", "utils",
        ]
        let ends = ["Util", "Utils", "Utilities", "Helper", "Helpers", "Misc", "Common"]
        return whole.contains(stem.lowercased())
            || ends.contains { stem.hasSuffix($0) }
    }
}
