import SluiceCore
import SluicePostgres

/// Asks whatever the user named whether batches may start: hours, a file, a query, an address.
///
/// Each is asked from a loop of its own, beside the monitor, so that a slow answer holds up nothing
/// else. Whatever cannot be asked counts as a reason to wait.
actor ThrottleObserver {
    /// What is asked, in the order in which it is named as the reason.
    private enum Kind: String, CaseIterable {
        case file = "--throttle-file"
        case query = "--throttle-query"
        case url = "--throttle-url"

        func question(_ limits: Limits) -> String? {
            switch self {
            case .file: limits.throttleFile
            case .query: limits.throttleQuery
            case .url: limits.throttleURL
            }
        }
    }

    /// What was answered to which question, when that was asked, and how long it took.
    struct Answer: Sendable {
        let question: String
        let reason: String?
        let asked: ContinuousClock.Instant
        let took: Duration

        /// Whether it is too old to count: the next one, which comes after a pause and may take as
        /// long again, should have been there.
        func isStale(at now: ContinuousClock.Instant) -> Bool {
            let next = took * (1 + ThrottleObserver.pauseShare + 1) + ThrottleObserver.staleMargin
            return asked.duration(to: now) >= max(ThrottleObserver.staleAfter, next)
        }
    }

    /// How often each is asked: a person who removes the file sees the run go on within two.
    private static let period: Duration = .seconds(1)
    /// An answer that took long is followed by a pause of so many times as long: a service in
    /// trouble is not pressed, and on Linux waiting for one costs much of a core.
    private static let pauseShare = 4
    /// How often it is looked whether there is something else to ask, at the least: limits change
    /// no sooner, and each look wakes the process.
    private static let tick: Duration = .seconds(1)
    /// No loop is without a pause.
    private static let pauseMin: Duration = .milliseconds(10)
    /// Answers older than this do not count, unless they took long.
    private static let staleAfter: Duration = .seconds(15)
    /// What the next answer may take longer than the one before it: a busy host's scheduling.
    private static let staleMargin: Duration = .seconds(1)

    private let connect: @Sendable () async throws(PostgresError) -> PostgresConnection
    private var limits = Limits()
    private var answers: [Kind: Answer] = [:]

    /// `connect` opens the connection that a query is asked on.
    init(
        connect: @escaping @Sendable () async throws(PostgresError) -> PostgresConnection
    ) {
        self.connect = connect
    }

    /// Why no batch may start under these limits, in words, or `nil`.
    ///
    /// Does not wait for anybody: the answers are those that ``run()`` has.
    func observe(_ limits: Limits) -> String? {
        self.limits = limits
        if let window = limits.window, let reason = WindowClock.reason(window) { return reason }
        for kind in Kind.allCases {
            guard let question = kind.question(limits) else { continue }
            guard let answer = answers[kind], answer.question == question else {
                return "\(kind.rawValue) has not answered yet"
            }
            guard !answer.isStale(at: .now) else {
                return "\(kind.rawValue) does not answer"
            }
            if let reason = answer.reason { return reason }
        }
        return nil
    }

    /// Asks until cancelled.
    nonisolated func run() async {
        await withTaskGroup { group in
            group.addTask {
                await self.ask(.file) { path in ThrottleFile.reason(path) }
            }
            group.addTask { await self.askQuery() }
            group.addTask {
                var asker: ThrottleAsker?
                await self.ask(.url) { address in
                    let current = asker ?? ThrottleAsker()
                    asker = current
                    return await current.reason(address)
                }
                asker?.close()
            }
        }
    }

    // MARK: Loops

    private nonisolated func ask(
        _ kind: Kind, _ reason: (String) async -> String?
    ) async {
        var asked: String?
        var next = ContinuousClock.now
        while !Task.isCancelled {
            let question = kind.question(await limits)
            if let question, question != asked || ContinuousClock.now >= next {
                let began = ContinuousClock.now
                let answer = await reason(question)
                let took = began.duration(to: .now)
                await note(
                    kind, Answer(question: question, reason: answer, asked: began, took: took))
                next = max(began + Self.period, .now + took * Self.pauseShare)
                asked = question
            }
            let pause = question == nil ? Self.tick : ContinuousClock.now.duration(to: next)
            try? await Task.sleep(for: min(Self.tick, max(pause, Self.pauseMin)))
        }
    }

    private func note(_ kind: Kind, _ answer: Answer) { answers[kind] = answer }

    private nonisolated func askQuery() async {
        var connection: PostgresConnection?
        await ask(.query) { sql in
            do throws(PostgresError) {
                let session: PostgresConnection
                if let connection, connection.isUsable {
                    session = connection
                } else {
                    session = try await connect()
                    connection = session
                }
                return ThrottleAnswer.reason(try await session.look(sql))
            } catch {
                if error.kind != .server {
                    await connection?.close()
                    connection = nil
                }
                return "--throttle-query failed: \(Self.sentence(error))"
            }
        }
        await connection?.close()
    }

    private static func sentence(_ error: PostgresError) -> String {
        error.sqlState?.rawValue == "57014"
            ? "no answer within \(ThrottleSQL.timeoutSeconds) s"
            : ExpressionCheck.message(error)
    }
}
