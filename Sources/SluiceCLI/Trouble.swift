import Sluice
import SluiceBench
import SluicePostgres
import SluiceSandbox

/// An error as the command line reports it: one sentence and an exit code.
struct Trouble: Equatable {
    let sentence: String
    let exitCode: Int32

    /// `nil` for what is not ours: the argument parser's own errors.
    init?(_ error: any Error) {
        switch error {
        case let error as UsageError:
            self.init(error.description, ExitStatus.refused)
        case let error as SluiceError:
            self.init(error.message, Self.exitCode(error.kind))
        case let error as PostgresError:
            self.init(error.description, Self.exitCode(error.kind))
        case let error as SandboxError:
            self.init(error.description, Self.exitCode(error.code))
        case let error as BenchError:
            self.init(error.description, ExitStatus.refused)
        case let error as BenchLeftovers:
            self.init(error.description, ExitStatus.failed)
        case is CancellationError:
            self.init("stopped; what was committed stays", ExitStatus.stopped)
        default:
            return nil
        }
    }

    private init(_ sentence: String, _ exitCode: Int32) {
        self.sentence = Printable.clean(sentence)
        self.exitCode = exitCode
    }

    private static func exitCode(_ kind: SluiceError.Kind) -> Int32 {
        switch kind {
        case .refused: ExitStatus.refused
        case .failed: ExitStatus.failed
        case .unreachable: ExitStatus.unreachable
        }
    }

    private static func exitCode(_ kind: PostgresError.Kind) -> Int32 {
        switch kind {
        case .connectFailed, .connectionLost, .timedOut: ExitStatus.unreachable
        case .usage: ExitStatus.refused
        case .cancelled: ExitStatus.stopped
        case .server: ExitStatus.failed
        }
    }

    /// A machine without PostgreSQL's programs has no server to reach.
    private static func exitCode(_ code: SandboxError.Code) -> Int32 {
        switch code {
        case .binariesMissing, .accountMissing: ExitStatus.unreachable
        case .invalidOption: ExitStatus.refused
        case .folderFailed, .toolFailed, .serverFailed: ExitStatus.failed
        }
    }
}
