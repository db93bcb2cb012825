public import SluiceCore
import SluicePostgres

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What was reckoned before a run, and what it came to.
public struct ForecastOutcome: Sendable, Equatable {
    /// What was reckoned.
    public let forecast: Forecast
    /// Bytes that the server's log grew, everybody's writes included; `nil` unless one process
    /// carried the run from its start to its end.
    public let walBytes: Int?
    /// Bytes by which the table grew, values out of line included.
    public let heapBytes: Int
    /// Bytes by which its indexes grew.
    public let indexBytes: Int
    /// Seconds that the run took; `nil` unless one process carried it.
    public let seconds: Double?

    /// Puts a forecast beside what was measured.
    public init(
        forecast: Forecast, walBytes: Int?, heapBytes: Int, indexBytes: Int, seconds: Double?
    ) {
        self.forecast = forecast
        self.walBytes = walBytes
        self.heapBytes = heapBytes
        self.indexBytes = indexBytes
        self.seconds = seconds
    }
}

/// The forecast of a run as the ledger keeps it, with the sizes of that moment.
struct ForecastRecord: Codable, Equatable, Sendable {
    var forecast: Forecast?
    var tableBytes: Int
    var indexBytes: Int

    enum CodingKeys: String, CodingKey {
        case forecast
        case tableBytes = "table_bytes_before"
        case indexBytes = "index_bytes_before"
    }

    init(_ result: Forecaster.Result) {
        forecast = result.forecast
        tableBytes = result.tableBytes
        indexBytes = result.indexBytes
    }

    /// Reads what ``json`` wrote; `nil` for anything else.
    init?(json: String) {
        guard
            let record = try? JSONDecoder().decode(ForecastRecord.self, from: Data(json.utf8))
        else { return nil }
        self = record
    }

    /// The object that the ledger keeps.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Whole numbers and texts always encode; the share of rows is between 0 and 1.
        let data = (try? encoder.encode(self)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }
}

extension RunEnding {
    /// Longest question for sizes, in milliseconds: one that waits for a lock is given up.
    private static let sizesMilliseconds = 2_000

    /// The forecast beside what was measured; `nil` where there is none, or where the server does
    /// not say: it is the last word, and worth no failure.
    func forecastOutcome(
        _ connection: PostgresConnection, walBytes: Int?
    ) async -> ForecastOutcome? {
        let job = context.job
        let oids = (job.target.map { [$0.oid] } ?? job.parts.map(\.oid)).map { "\($0)" }
        let opening = [
            Statement(BatchSettingsSQL.begin), BatchSettingsSQL.timeout(Self.sizesMilliseconds),
        ]
        let questions = [
            Statement(ForecastSQL.recorded, [.text("\(record.id)")]),
            Statement(ForecastSQL.sizes, [.text(TextArray.literal(oids))]),
            Statement(BatchSettingsSQL.commit),
        ]
        guard
            let answer = try? await connection.transact(
                opening: opening, questions, timeout: .seconds(30)),
            let row = answer.results[2].rows.first, let sizes = answer.results[3].rows.first,
            let stored = row[1].flatMap(ForecastRecord.init(json:)), let forecast = stored.forecast
        else { return nil }
        let isAlone = row[0] == "1"
        func grown(_ index: Int, since before: Int) -> Int {
            (sizes[index].flatMap { Int($0) } ?? before) - before
        }
        return ForecastOutcome(
            forecast: forecast, walBytes: isAlone ? walBytes : nil,
            heapBytes: grown(0, since: stored.tableBytes),
            indexBytes: grown(1, since: stored.indexBytes), seconds: isAlone ? seconds : nil)
    }
}
