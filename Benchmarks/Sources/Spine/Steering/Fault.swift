import SluiceSandbox

/// What is done to the replicas, and what is asked of a run meanwhile.
enum Fault: String, CaseIterable, Sendable {
    /// The only replica works for a quarter of the time, then freely again.
    case quarter
    /// The same without any application, so that nothing but the run writes.
    case idle
    /// Two replicas, one with half of its time and one with a quarter.
    case unequal
    /// The only replica stops to replay.
    case paused
    /// The only replica crashes, and is started again.
    case killed

    var title: String {
        switch self {
        case .quarter: "replica at a quarter for 60 s"
        case .idle: "replica at a quarter for 60 s, idle primary"
        case .unequal: "replicas at half and at a quarter for 60 s"
        case .paused: "replay paused for 25 s"
        case .killed: "replica killed for 60 s"
        }
    }

    var replicas: Int { self == .unequal ? 2 : 1 }
    var hasForeground: Bool { self != .idle }
    var seconds: Double { self == .paused ? 25 : 60 }

    /// Share of its time that each replica is left with; `nil` where the fault is another.
    var shares: [Double]? {
        switch self {
        case .quarter, .idle: [0.25]
        case .unequal: [0.5, 0.25]
        case .paused, .killed: nil
        }
    }
}

/// Begins and ends a fault.
actor FaultSwitch {
    let fault: Fault
    let cluster: SteeringCluster
    private var brakes: [ReplicaBrake] = []

    init(_ fault: Fault, _ cluster: SteeringCluster) {
        self.fault = fault
        self.cluster = cluster
    }

    func begin() async throws {
        let replica = cluster.replicas[0]
        switch fault {
        case .quarter, .idle, .unequal:
            for (server, share) in zip(cluster.replicas, fault.shares ?? []) {
                brakes.append(try await ReplicaBrake.apply(server, share: share))
            }
        case .paused: try await replica.psql("SELECT pg_wal_replay_pause()")
        case .killed: try await replica.stop(mode: .immediate)
        }
    }

    func end() async throws {
        for brake in brakes { await brake.release() }
        brakes = []
        switch fault {
        case .quarter, .idle, .unequal: break
        case .paused: try await cluster.replicas[0].psql("SELECT pg_wal_replay_resume()")
        case .killed: try await cluster.replicas[0].start()
        }
    }
}
