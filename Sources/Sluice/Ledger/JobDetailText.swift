import SluiceCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A job's detail as the JSON object that the ledger keeps.
enum JobDetailText {
    /// Reads the object; `nil` when it is of another version of Sluice.
    static func parse(_ json: String) -> JobDetail? {
        try? JSONDecoder().decode(JobDetail.self, from: Data(json.utf8))
    }

    /// Writes the object; what a job does not have is left out.
    static func json(_ detail: JobDetail) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Optional texts, numbers and flags always encode.
        let data = (try? encoder.encode(detail)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }
}
