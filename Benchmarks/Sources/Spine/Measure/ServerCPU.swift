import Foundation
import SluiceSandbox

/// CPU that a server and all its processes have used, those that ended included.
///
/// From `/proc`, so on Linux only.
enum ServerCPU {
    /// Seconds since the server started; nil where there is no `/proc`.
    static func seconds(_ server: Server) -> Double? {
        guard
            let file = try? String(
                contentsOfFile: "\(server.dataDirectory)/postmaster.pid", encoding: .utf8),
            let postmaster = file.split(separator: "\n").first.flatMap({ Int($0) }),
            let own = ProcessTimes(postmaster)
        else { return nil }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let children = names.compactMap { Int($0) }.compactMap(ProcessTimes.init)
            .filter { $0.parent == postmaster }
        let ticks = children.reduce(own.ticks + own.childrenTicks) { $0 + $1.ticks }
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// What `/proc/PID/stat` says of a process, see proc(5).
private struct ProcessTimes {
    let parent: Int
    /// User and system time, in clock ticks.
    let ticks: Int
    /// The same of children that ended and were waited for.
    let childrenTicks: Int

    init?(_ pid: Int) {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let nameEnd = text.lastIndex(of: ")")
        else { return nil }
        // Fields 3 (state) and on; the name before them can hold anything.
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 14, let parent = Int(fields[1]), let user = Int(fields[11]),
            let system = Int(fields[12]), let childrenUser = Int(fields[13]),
            let childrenSystem = Int(fields[14])
        else { return nil }
        self.parent = parent
        ticks = user + system
        childrenTicks = childrenUser + childrenSystem
    }
}
