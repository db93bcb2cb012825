import Foundation

/// Figures as people read them.
enum Figure {
    /// Three digits where there are that few, all digits before the point otherwise.
    static func text(_ value: Double) -> String {
        switch abs(value) {
        case 1_000...: String(format: "%.0f", value)
        case 100...: String(format: "%.1f", value)
        case 10...: String(format: "%.2f", value)
        default: String(format: "%.3f", value)
        }
    }

    static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
