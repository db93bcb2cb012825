import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Standard output and standard error.
///
/// A reader that went away (`sluice status | head -1`) is no error: what would be written is
/// dropped, and whoever asks learns it from `isClosed`.
final class Console: Sendable {
    static let output = Console(descriptor: STDOUT_FILENO)
    static let error = Console(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let closed = Mutex(false)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Whether the reader went away.
    var isClosed: Bool { closed.withLock { $0 } }

    /// Writes a line.
    func say(_ line: String) { write(line + "\n") }

    /// Writes text to its end.
    func write(_ text: String) {
        closed.withLock { closed in
            guard !closed else { return }
            closed = !Self.writeAll(text, to: descriptor)
        }
    }

    /// Writes text only if that would not wait for the reader, and says whether it did: progress
    /// is not worth holding up a run for.
    func offer(_ text: String) -> Bool {
        guard !isClosed else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, 0) != 0 else { return false }
        write(text)
        return !isClosed
    }

    private static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { buffer in
                systemWrite(descriptor, buffer.baseAddress, buffer.count)
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// `write(2)`, which the type's own method of that name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
