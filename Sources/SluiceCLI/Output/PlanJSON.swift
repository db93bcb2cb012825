import Sluice
import SluiceCore

/// A plan as `sluice plan --json` prints it.
struct PlanJSON: Encodable {
    struct Range: Encodable {
        let lower: [String]?
        let upper: [String]
        let keysEstimate: Int
        let isPhysical: Bool

        enum CodingKeys: String, CodingKey {
            case lower, upper
            case isPhysical = "is_physical"
            case keysEstimate = "keys_estimate"
        }

        init(_ range: KeyRange) {
            lower = range.lower.map { Array($0) }
            upper = Array(range.upper)
            keysEstimate = range.keysEstimate
            isPhysical = range.isPhysical
        }
    }

    let job: String
    let kind: String
    let table: String
    let tables: [String]
    let into: String?
    let key: [String]
    let keysTotalEstimate: Int
    let ranges: [Range]
    let splitMethod: String
    let drivingIndex: String?
    let order: String
    let lanes: String
    let vacuum: String
    let forecast: Forecast?
    let limits: LimitsJSON
    let statements: [String]
    let explanation: String
    let warnings: [String]
    let refusals: [String]

    enum CodingKeys: String, CodingKey {
        case job, kind, table, tables, into, key, ranges, order, lanes, vacuum, forecast, limits
        case statements, explanation, warnings, refusals
        case keysTotalEstimate = "keys_total_estimate"
        case splitMethod = "split_method"
        case drivingIndex = "driving_index"
    }

    init(_ plan: PlanReport) {
        job = plan.job
        kind = plan.kind.rawValue
        table = plan.table
        tables = plan.parts
        into = plan.target
        key = plan.key
        keysTotalEstimate = plan.keysTotalEstimate
        ranges = plan.ranges.map(Range.init)
        splitMethod = plan.splitMethod
        drivingIndex = plan.drivingIndex
        order = plan.order
        lanes = plan.lanes
        vacuum = plan.vacuum
        forecast = plan.forecast
        limits = LimitsJSON(plan.limits)
        statements = plan.statements
        explanation = plan.explanation
        warnings = plan.warnings
        refusals = plan.refusals
    }
}
