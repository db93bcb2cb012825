/// What one run of one case gave.
struct Sample: Codable, Sendable {
    let experiment: String
    /// Table, workers and whatever else is the same for the cases that are compared.
    let setting: String
    /// The case.
    let subject: String
    /// Counted from 1; samples of a round were taken one after the other.
    let round: Int
    /// Figures by name, units in the names.
    let metrics: [String: Double]
}
