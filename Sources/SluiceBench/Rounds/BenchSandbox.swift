import SluiceSandbox

/// Servers that exist for a benchmark alone.
enum BenchSandbox {
    /// What differs from PostgreSQL's own defaults, with the sandbox's.
    ///
    /// No checkpoint and no autovacuum by the clock: each would fall into some strategies' time and
    /// not into others'.
    static let settings = [
        "autovacuum": "off", "checkpoint_timeout": "1h", "max_wal_size": "4GB",
        "shared_buffers": "512MB", "wal_level": "replica",
    ]

    /// How the servers are made: commits reach the disk, as where it matters.
    static func options(replicas: Int) -> SandboxOptions {
        var options = SandboxOptions(replicas: replicas, settings: settings)
        options.durable = true
        return options
    }
}
