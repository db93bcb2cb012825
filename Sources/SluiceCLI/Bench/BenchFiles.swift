import Foundation
import SluiceBench

/// Files that a benchmark reads and writes.
enum BenchFiles {
    /// A report that was written before.
    static func read(_ path: String) throws(UsageError) -> BenchReport {
        do {
            return try JSONDecoder().decode(
                BenchReport.self, from: Data(contentsOf: URL(filePath: path)))
        } catch is DecodingError {
            throw UsageError("\(quote(path)) is not what sluice bench --json writes")
        } catch {
            throw UsageError("cannot read \(quote(path)): \(error.localizedDescription)")
        }
    }

    /// Refuses a file that cannot be written, and leaves everything as it is.
    static func requireWritable(_ path: String) throws(UsageError) {
        var descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        let isNew = descriptor >= 0
        if !isNew, errno == EEXIST { descriptor = open(path, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw UsageError("cannot write \(quote(path)): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        if isNew { unlink(path) }
    }

    static func write(_ text: String, to path: String) throws(UsageError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw UsageError("cannot write \(quote(path)): \(error.localizedDescription)")
        }
    }
}
