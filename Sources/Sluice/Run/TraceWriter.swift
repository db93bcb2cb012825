import SluiceCore
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes what the control law saw and decided as JSON, one event a line.
final class TraceWriter: Sendable {
    /// The open file; `nil` once writing to it has failed, which is said once.
    private let file: Mutex<Int32?>
    private let path: String
    private let report: @Sendable (RunEvent) -> Void

    /// Begins the file anew.
    ///
    /// - Throws: `SluiceError` when it cannot be made.
    init(path: String, report: @escaping @Sendable (RunEvent) -> Void) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw SluiceError(
                .refused,
                "the trace \(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        self.path = path
        self.report = report
        file = Mutex(descriptor)
    }

    deinit {
        file.withLock { descriptor in
            if let descriptor { _ = close(descriptor) }
        }
    }

    /// Appends events; a full disk ends the trace, not the run.
    func write(_ events: [ControlTrace.Event]) {
        guard !events.isEmpty else { return }
        let text = events.map { TraceText.line($0) + "\n" }.joined()
        let failed = file.withLock { descriptor in
            guard let open = descriptor else { return false }
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let written = bytes.withUnsafeBytes { Self.put(open, $0) }
                if written <= 0, errno != EINTR {
                    _ = close(open)
                    descriptor = nil
                    return true
                }
                bytes = bytes.dropFirst(max(0, written))
            }
            return false
        }
        if failed { report(.note("the trace \(path) cannot be written any more: it ends here")) }
    }

    private static func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }
}

/// Events of the trace as text.
enum TraceText {
    /// One event as JSON on one line, keys in order.
    static func line(_ event: ControlTrace.Event) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        guard let data = try? encoder.encode(event) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads a trace back.
    ///
    /// - Throws: what the decoder says of the first line that is none.
    static func events(_ text: String) throws -> [ControlTrace.Event] {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return try text.split(separator: "\n").map { line in
            try decoder.decode(ControlTrace.Event.self, from: Data(line.utf8))
        }
    }
}
