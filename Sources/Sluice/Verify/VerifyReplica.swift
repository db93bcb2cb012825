import SluiceCore
import SluicePostgres

/// Makes sure that a server is a replica of the run's primary and has everything of the run.
struct VerifyReplica: Sendable {
    let parameters: ConnectionParameters
    let primary: PostgresConnection

    /// Longest wait for the replica to replay what the run wrote, in seconds: more is a replica
    /// that is not fit to be read.
    private static let waitSecondsMax = 60.0
    /// How often it is asked meanwhile, in milliseconds.
    private static let tickMilliseconds = 200

    /// Waits until the replica has replayed everything up to now.
    func await(_ record: RunRecord) async throws {
        let replica = try await Connector.open(
            parameters, applicationName: "sluice verify \(record.id)")
        do {
            try await check(replica)
            try await catchUp(replica)
            await replica.close()
        } catch let error as PostgresError {
            await replica.close()
            throw SluiceError(error, while: "asking the server at --verify-dsn")
        } catch {
            await replica.close()
            throw error
        }
    }

    private func check(_ replica: PostgresConnection) async throws {
        let own = try await primary.query(VerifySQL.systemIdentifier).scalar
        let other = try await replica.query(VerifySQL.systemIdentifier).scalar
        guard own == other else {
            throw SluiceError(
                .refused,
                "the server at --verify-dsn is not a replica of this one (their system "
                    + "identifiers differ): give a physical replica, or leave --verify-dsn out")
        }
        let database = "SELECT pg_catalog.current_database()"
        let mine = try await primary.query(database).scalar ?? ""
        let theirs = try await replica.query(database).scalar ?? ""
        guard mine == theirs else {
            throw SluiceError(
                .refused,
                "--verify-dsn leads to the database \(theirs), the run is in \(mine): name the "
                    + "same database")
        }
    }

    private func catchUp(_ replica: PostgresConnection) async throws {
        guard try await replica.query(VerifySQL.isInRecovery).scalar == "t" else { return }
        let position = try await primary.query(VerifySQL.position).scalar ?? "0/0"
        let began = ContinuousClock.now
        while try await replica.query(VerifySQL.hasReplayed, [.text(position)]).scalar != "t" {
            guard began.duration(to: .now) < .seconds(Self.waitSecondsMax) else {
                throw SluiceError(
                    .failed,
                    "the replica at --verify-dsn has not replayed the end of the run within "
                        + "\(Int(Self.waitSecondsMax)) s: see whether its replay is paused or "
                        + "behind, or leave --verify-dsn out")
            }
            try await Task.sleep(for: .milliseconds(Self.tickMilliseconds))
        }
    }
}
