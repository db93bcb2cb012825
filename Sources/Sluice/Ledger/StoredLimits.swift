import SluiceCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The limits that have no column of their own, as the JSON object that the ledger keeps.
struct StoredLimits: Codable, Equatable {
    private var lanes: String?
    private var order: String?
    private var vacuum: String?
    private var maxRowsPerSecond: Double?
    private var maxWalBytesPerSecond: Double?
    private var maxPgWalBytes: Int?
    private var batchSecondsMax: Double?
    private var foregroundBudgetSeconds: Double?
    private var foregroundBudgetMultiple: Double?
    private var foregroundAloneSeconds: Double?
    private var foregroundProbe: String?
    private var window: Window?
    private var throttleQuery: String?
    private var throttleFile: String?
    private var throttleURL: String?

    private struct Window: Codable, Equatable {
        let zone: String
        /// First minute and end of each span.
        let spansMinutes: [[Int]]

        enum CodingKeys: String, CodingKey {
            case zone
            case spansMinutes = "spans_minutes"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case lanes, order, vacuum
        case maxRowsPerSecond = "max_rows_per_second"
        case maxWalBytesPerSecond = "max_wal_bytes_per_second"
        case maxPgWalBytes = "max_pg_wal_bytes"
        case batchSecondsMax = "batch_seconds_max"
        case foregroundBudgetSeconds = "foreground_budget_seconds"
        case foregroundBudgetMultiple = "foreground_budget_multiple"
        case foregroundAloneSeconds = "foreground_alone_seconds"
        case foregroundProbe = "foreground_probe"
        case window
        case throttleQuery = "throttle_query"
        case throttleFile = "throttle_file"
        case throttleURL = "throttle_url"
    }

    init(_ limits: Limits) {
        lanes = limits.lanes.text
        order = limits.order == .auto ? nil : limits.order.rawValue
        vacuum = limits.vacuum.text
        maxRowsPerSecond = limits.maxRowsPerSecond
        maxWalBytesPerSecond = limits.maxWalBytesPerSecond
        maxPgWalBytes = limits.maxPgWalBytes
        batchSecondsMax = limits.batchSecondsMax
        switch limits.foregroundBudget {
        case .seconds(let seconds): foregroundBudgetSeconds = seconds
        case .multiple(let times): foregroundBudgetMultiple = times
        case nil: break
        }
        foregroundAloneSeconds = limits.foregroundAloneSeconds
        foregroundProbe = limits.foregroundProbe
        window = limits.window.map { window in
            Window(zone: window.zone, spansMinutes: window.spans.map { [$0.from, $0.to] })
        }
        throttleQuery = limits.throttleQuery
        throttleFile = limits.throttleFile
        throttleURL = limits.throttleURL
    }

    /// Reads the object; `nil` when it was changed by hand, or by another version of Sluice.
    static func parse(_ json: String) -> StoredLimits? {
        guard let text = try? JSONDecoder().decode(StoredLimits.self, from: Data(json.utf8)),
            text.window?.spansMinutes.allSatisfy({ $0.count == 2 }) != false,
            text.lanes.map({ LaneSetting(text: $0) != nil }) != false,
            text.order.map({ OrderSetting(rawValue: $0) != nil }) != false,
            text.vacuum.map({ VacuumSetting(text: $0) != nil }) != false
        else { return nil }
        return text
    }

    /// The object; what is off is left out.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Limits were found sound before, and so hold no number that JSON cannot.
        let data = (try? encoder.encode(self)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    /// The limits with these.
    func applied(to limits: Limits) -> Limits {
        var new = limits
        // What an older version began goes on as it went.
        new.lanes = lanes.flatMap(LaneSetting.init(text:)) ?? .off
        new.order = order.flatMap(OrderSetting.init(rawValue:)) ?? .auto
        new.vacuum = vacuum.flatMap(VacuumSetting.init(text:)) ?? .off
        new.maxRowsPerSecond = maxRowsPerSecond
        new.maxWalBytesPerSecond = maxWalBytesPerSecond
        new.maxPgWalBytes = maxPgWalBytes
        new.batchSecondsMax = batchSecondsMax
        new.foregroundBudget =
            foregroundBudgetSeconds.map(LatencyBudget.seconds)
            ?? foregroundBudgetMultiple.map(LatencyBudget.multiple)
        new.foregroundAloneSeconds = foregroundAloneSeconds
        new.foregroundProbe = foregroundProbe
        new.window = window.map { window in
            RunWindow(
                spans: window.spansMinutes.map { RunWindow.Span(from: $0[0], to: $0[1]) },
                zone: window.zone)
        }
        new.throttleQuery = throttleQuery
        new.throttleFile = throttleFile
        new.throttleURL = throttleURL
        return new
    }
}
