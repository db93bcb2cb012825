import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program run to its end, with what it used.
struct MeasuredProgram: Sendable {
    let exitCode: Int32
    let seconds: Double
    /// User and system time.
    let cpuSeconds: Double
    /// The most memory that was resident, in bytes.
    let residentBytesMax: Int

    /// Runs a program on a thread of its own; its output is thrown away.
    static func run(_ path: String, _ arguments: [String]) async throws -> MeasuredProgram {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(with: Result { try runBlocking(path, arguments) })
            }.start()
        }
    }

    private static func runBlocking(
        _ path: String, _ arguments: [String]
    ) throws -> MeasuredProgram {
        let began = ContinuousClock.now
        let pid = try spawn(path, arguments)
        var peak = 0
        var status: Int32 = 0
        var usage = rusage()
        // The peak that wait4 reports is at least the parent's at the spawn, whose memory the
        // child has until it executes the program; on Linux the kernel's own mark is read instead.
        while true {
            let ended = wait4(pid, &status, WNOHANG, &usage)
            if ended == pid { break }
            guard ended == 0 else { throw BenchError("wait4 failed with errno \(errno)") }
            peak = max(peak, residentMark(pid) ?? 0)
            usleep(pollMicroseconds)
        }
        let seconds = began.duration(to: .now) / .seconds(1)
        #if os(Linux)
            let resident = peak
        #else
            let resident = Int(usage.ru_maxrss)
        #endif
        return MeasuredProgram(
            exitCode: (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f),
            seconds: seconds, cpuSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds,
            residentBytesMax: resident)
    }

    /// How often the mark is read: it only ever grows, so the last reading is at most this old.
    private static let pollMicroseconds: UInt32 = 1_000

    private static func spawn(_ path: String, _ arguments: [String]) throws -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, nil, words, environ)
        guard code == 0 else { throw BenchError("\(path) cannot be run: errno \(code)") }
        return pid
    }

    /// `VmHWM` of `/proc/PID/status`, in bytes.
    private static func residentMark(_ pid: pid_t) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return Int(line.split(whereSeparator: \.isWhitespace)[1]).map { $0 * 1_024 }
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
