#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON as the commands print it: keys sorted, slashes as they are.
enum JSONText {
    /// On one line.
    static func line(_ value: some Encodable) -> String { text(value, []) }

    /// Indented, for people and for `jq` alike.
    static func pretty(_ value: some Encodable) -> String { text(value, [.prettyPrinted]) }

    private static func text(
        _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
    ) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        // JSON has no infinity; a rate or an estimate may have one.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        guard let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }
}
