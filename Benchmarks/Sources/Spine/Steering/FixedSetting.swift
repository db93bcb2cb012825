/// A number of workers and a size of batch that stay as they are.
struct FixedSetting: Sendable {
    let workers: Int
    let batchKeys: Int

    /// What people choose between: one to eight workers, batches of 500 to 20,000 keys.
    static let all = [1, 2, 4, 8].flatMap { workers in
        [500, 2_000, 5_000, 20_000].map { FixedSetting(workers: workers, batchKeys: $0) }
    }

    var title: String { "fixed \(workers) × \(batchKeys)" }
    var limits: [String] { ["--workers", "\(workers)..\(workers)", "--batch", "\(batchKeys)"] }
}
