#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Recorded settings as the JSON object that the ledger keeps.
enum SettingsText {
    /// Reads the object; names in order, so that statements built from it are the same each time.
    static func parse(_ json: String) -> [Setting] {
        let object = try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))
        return (object ?? [:]).sorted { $0.key < $1.key }.map { Setting($0.key, $0.value) }
    }

    /// Writes the object.
    static func json(_ settings: [Setting]) -> String {
        let object = Dictionary(settings.map { ($0.name, $0.value) }) { first, _ in first }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A dictionary of strings always encodes.
        let data = (try? encoder.encode(object)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }
}
