import SluiceCore
import SluicePostgres

/// Asks replicas themselves how far they are, where their addresses were given.
///
/// The primary knows only those that stream from it, and what they said last; a replica of a
/// replica, and one that answers late, is better asked.
actor ReplicaWatch {
    /// How often each is asked, in seconds: as often as the primary.
    private static let periodSeconds = 0.25
    /// An answer older than this says nothing any more, in seconds: twelve questions.
    private static let staleSeconds = 3.0
    /// Longest wait for an answer, in seconds.
    private static let timeoutSeconds = 2
    /// Where a server counts as being that has become a primary: beyond all that can be written.
    private static let nothingToReplay: UInt64 = 1 << 62

    private struct Answer {
        let received: UInt64?
        let replayed: UInt64
        let asked: ContinuousClock.Instant
    }

    /// One replica and what it is called in messages.
    private struct Target: Sendable {
        let id: String
        let parameters: ConnectionParameters
    }

    private let targets: [Target]
    private var answers: [String: Answer] = [:]

    init(_ parameters: [ConnectionParameters]) {
        targets = parameters.enumerated().map { index, parameters in
            let host = parameters["host"] ?? parameters["service"] ?? "local"
            return Target(id: "\(host) (--replica-dsn \(index + 1))", parameters: parameters)
        }
    }

    /// What they are called; nothing starts while one of them is silent.
    nonisolated var names: Set<String> { Set(targets.map(\.id)) }

    /// How far each is; none that has never answered.
    var sightings: [ReplicaSighting] {
        targets.compactMap { target in
            answers[target.id].map { answer in
                let age = answer.asked.duration(to: .now) / .seconds(1)
                return ReplicaSighting(
                    id: target.id, flushed: answer.received, replayed: answer.replayed,
                    isConnected: age < Self.staleSeconds)
            }
        }
    }

    /// Asks until cancelled.
    nonisolated func run() async {
        await withDiscardingTaskGroup { group in
            for target in targets { group.addTask { await self.watch(target) } }
        }
    }

    private nonisolated func watch(_ target: Target) async {
        var connection: PostgresConnection?
        while !Task.isCancelled {
            do throws(PostgresError) {
                let session: PostgresConnection
                if let open = connection {
                    session = open
                } else {
                    session = try await Connector.session(
                        target.parameters, applicationName: "sluice replica")
                    connection = session
                }
                let row = try await session.query(
                    ObserverSQL.standby, timeout: .seconds(Self.timeoutSeconds)
                ).rows.first
                await note(target.id, row)
            } catch {
                await connection?.close()
                connection = nil
            }
            try? await Task.sleep(for: .seconds(Self.periodSeconds))
        }
        await connection?.close()
    }

    private func note(_ id: String, _ row: [String?]?) {
        guard let row else { return }
        if row[0] != "t" {
            answers[id] = Answer(received: nil, replayed: Self.nothingToReplay, asked: .now)
        } else if let replayed = row[2].flatMap({ UInt64($0) }) {
            answers[id] = Answer(
                received: row[1].flatMap { UInt64($0) }, replayed: replayed, asked: .now)
        }
    }

    /// Refuses addresses that lead to no replica: they would be waited for for ever.
    static func check(_ replicas: [ConnectionParameters]) async throws {
        for (index, parameters) in replicas.enumerated() {
            let connection = try await Connector.open(
                parameters, applicationName: "sluice replica")
            let row: [String?]?
            do {
                row = try await connection.query(
                    ObserverSQL.standby, timeout: .seconds(timeoutSeconds)
                ).rows.first
                await connection.close()
            } catch {
                await connection.close()
                throw SluiceError(error, while: "asking the server at --replica-dsn")
            }
            if row?[0] != "t" {
                throw SluiceError(
                    .refused,
                    "the server at --replica-dsn (the \(index + 1).) is no standby: name a replica "
                        + "of the database, or leave the option out")
            }
        }
    }
}
