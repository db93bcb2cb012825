import UnixSignals

/// Runs work while SIGINT and SIGTERM ask for its end instead of ending the process.
enum SignalGuard {
    /// The first signal calls `first`, the second one cancels the work.
    ///
    /// - Throws: what the work throws; `CancellationError` where a second signal ended it before
    ///   it could say how it stands.
    static func run<Value: Sendable>(
        first: @escaping @Sendable () -> Void,
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                var count = 0
                for await _ in signals {
                    count += 1
                    if count == 1 { first() }
                    if count == 2 { break }
                }
                return nil
            }
            while let ended = try await group.next() {
                // Either the work is done, or a second signal came: nobody else is needed.
                group.cancelAll()
                if let value = ended { return value }
            }
            throw CancellationError()
        }
    }

    /// Any signal cancels the work, a terminal that is gone as well, unless whoever began the work
    /// asked for it to outlive that (`nohup`).
    ///
    /// - Throws: what the work throws; after a signal `CancellationError`, whatever the work that
    ///   was cut short complains of, but for what `isLet` lets through.
    static func cancelling<Value: Sendable>(
        letting isLet: (any Error) -> Bool = { _ in false },
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let ends: [UnixSignal] = [.sigint, .sigterm] + (Hangup.isIgnored ? [] : [.sighup])
        let signals = await UnixSignalsSequence(trapping: ends)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            var isStopped = false
            do {
                while let ended = try await group.next() {
                    group.cancelAll()
                    if let value = ended { return value }
                    isStopped = true
                }
            } catch {
                guard isStopped, !isLet(error) else { throw error }
            }
            throw CancellationError()
        }
    }
}
