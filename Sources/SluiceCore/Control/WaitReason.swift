/// Why no batch may start now; the shell puts it in words.
public enum WaitReason: Sendable, Equatable, Codable {
    /// As much log is outstanding as the replica replays in the time allowed.
    case windowFull(replica: String, lagSeconds: Double)
    /// The replica needs so long to replay what it already has: an emergency.
    case replicaDraining(replica: String, drainSeconds: Double)
    /// The replica's measured lag is close to the limit: an emergency.
    case replicaBehind(replica: String, lagSeconds: Double)
    /// A replica that is required is not there.
    case replicaMissing(replica: String, missingSeconds: Double)
    /// The log's burst is held to what the replicas replay.
    case paced(bytesPerSecond: Double)
    /// The user's rows a second.
    case rowRate(rowsPerSecond: Double)
    /// The user's bytes of log a second.
    case walRate(bytesPerSecond: Double)
    /// Replicas may exist, but where they are cannot be seen.
    case signalsMissing
    /// Nothing has been heard for so long that what is known is no longer true.
    case signalsStale(ageSeconds: Double)
    /// As many batches run as the application or the server allows.
    case workersBusy(workers: Int)
}
