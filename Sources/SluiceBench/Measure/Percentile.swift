/// The value below which a share of others lies, by the nearest rank.
enum Percentile {
    /// Of what is sorted and not empty.
    static func of(_ sorted: [Double], _ share: Double) -> Double {
        let rank = Int((Double(sorted.count) * share).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}
