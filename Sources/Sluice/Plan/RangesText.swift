import SluiceCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Planned ranges as the JSON that one statement writes to the ledger.
enum RangesText {
    /// An array of `[part, lower or null, upper, estimate, is physical]`, keys as arrays of text.
    static func ranges(_ ranges: [KeyRange]) -> String { encode(ranges.map(Entry.init)) }

    /// An array of `[number, OID, name, is physical]`.
    static func parts(_ parts: [PlannedPart]) -> String {
        encode(parts.map { ["\($0.number)", "\($0.oid)", $0.name.shown, "\($0.isPhysical)"] })
    }

    /// An array of keys.
    static func keys(_ keys: [KeyTuple]) -> String { encode(keys) }

    private struct Entry: Encodable {
        let range: KeyRange

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(range.part)
            try list.encode(range.lower)
            try list.encode(range.upper)
            try list.encode(range.keysEstimate)
            try list.encode(range.isPhysical)
        }
    }

    private static func encode(_ value: some Encodable) -> String {
        // Arrays of text and numbers always encode.
        let data = (try? JSONEncoder().encode(value)) ?? Data("[]".utf8)
        return String(decoding: data, as: UTF8.self)
    }
}
