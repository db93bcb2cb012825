/// One thing that `sluice doctor` looked at.
public struct DoctorFinding: Sendable, Equatable {
    /// How it is.
    public enum Level: String, Sendable {
        /// Works.
        case ok
        /// Works, with a drawback.
        case warning
        /// Does not work.
        case problem
    }

    /// How it is.
    public let level: Level
    /// What was looked at, in a few words.
    public let subject: String
    /// What was found.
    public let finding: String
    /// What to do about it; `nil` when nothing needs doing.
    public let cure: String?
}
