import SluiceCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Planned ranges as the JSON that one statement writes to the ledger.
enum RangesText {
    /// An array of `[lower or null, upper]`, keys as arrays of text.
    static func bounds(_ ranges: [KeyRange]) -> String {
        encode(ranges.map { [$0.lower, $0.upper] as [KeyTuple?] })
    }

    /// An array of estimates.
    static func estimates(_ ranges: [KeyRange]) -> String {
        encode(ranges.map(\.keysEstimate))
    }

    private static func encode(_ value: some Encodable) -> String {
        // Arrays of text and numbers always encode.
        let data = (try? JSONEncoder().encode(value)) ?? Data("[]".utf8)
        return String(decoding: data, as: UTF8.self)
    }
}
