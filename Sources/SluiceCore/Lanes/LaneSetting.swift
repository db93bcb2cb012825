/// Whether rows are changed in lanes.
public enum LaneSetting: Sendable, Equatable, Hashable {
    /// Never.
    case off
    /// Where the table's facts say that it pays, in as many lanes as pay most.
    case auto
    /// In so many lanes, wherever that is possible.
    case fixed(Int)

    /// As it is written: `off`, `auto` or a number.
    public var text: String {
        switch self {
        case .off: "off"
        case .auto: "auto"
        case .fixed(let lanes): "\(lanes)"
        }
    }

    /// Reads what ``text`` writes; `nil` for anything else.
    public init?(text: String) {
        switch text {
        case "off": self = .off
        case "auto": self = .auto
        default:
            guard let lanes = Int(text), Self.lanesBounds.contains(lanes) else { return nil }
            self = .fixed(lanes)
        }
    }

    /// Fewest and most lanes: a page holds some 200 rows at the most, and each lane is a visit.
    public static let lanesBounds = 2...64
}
