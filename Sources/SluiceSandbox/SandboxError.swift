/// A cluster, or something that was asked of it, failed.
public struct SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Equatable {
        /// No folder with PostgreSQL's programs was found, or it lacks one of them.
        case binariesMissing
        /// The process is root and there is no account to run the servers as.
        case accountMissing
        /// No folder could be made for the cluster.
        case folderFailed
        /// A setting, name or number that PostgreSQL cannot take.
        case invalidOption
        /// One of PostgreSQL's programs ended with an error.
        case toolFailed
        /// A server did not start, or a replica did not stream.
        case serverFailed
    }

    /// The kind of failure.
    public let code: Code

    /// One sentence that names what failed, and the end of the server's log if there is one.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
