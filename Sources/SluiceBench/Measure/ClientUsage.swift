import Foundation

/// What this process has used.
enum ClientUsage {
    /// Seconds of processor time, of the process and the kernel for it.
    static var cpuSeconds: Double {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Begins to measure the highest memory anew, where the system can.
    static func resetPeak() {
        // Linux: "5" sets the peak back to what is used now (proc(5)).
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    }

    /// The highest memory since, in bytes; `nil` where the system does not say.
    static var peakBytes: Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first
        return number.flatMap { Double($0) }.map { $0 * 1_024 }
    }
}
