/// The `sluice` program, for what only a process of its own can show: its CPU and its memory.
struct SluiceProgram: BackfillCase {
    let path: String
    let workers: Int
    let batchKeys: Int

    var subject: String { "sluice run" }

    func change(_ copy: FreshCopy) async throws -> [String: Double] {
        let (column, expression) = AccountsTable.assignment
        let serverBefore = ServerCPU.seconds(copy.server)
        let ended = try await MeasuredProgram.run(
            path,
            [
                "run", "--table", AccountsTable.name, "--set", "\(column) = \(expression)",
                "--workers", "\(workers)", "--batch", "\(batchKeys)", "--progress", "none",
                "--dsn", copy.dsn,
            ])
        guard ended.exitCode == 0 else {
            throw BenchError("sluice run ended with exit code \(ended.exitCode)")
        }
        var figures = [
            "client_cpu_seconds": ended.cpuSeconds,
            "client_resident_mebibytes": Double(ended.residentBytesMax) / 1_048_576,
        ]
        if let serverBefore, let serverAfter = ServerCPU.seconds(copy.server) {
            figures["client_cpu_percent_of_server"] =
                ended.cpuSeconds / (serverAfter - serverBefore) * 100
        }
        return figures
    }
}
