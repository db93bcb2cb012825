import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One direction of a connection: one thread reads and stamps, another writes when it is time.
final class DelayLine: @unchecked Sendable {
    private let from: Int32
    private let to: Int32
    private let delay: Duration
    private let onEnd: @Sendable () -> Void
    private let condition = NSCondition()
    /// What is under way, oldest first; nil is the end.
    ///
    /// Guarded by the condition.
    private var chunks: [(due: ContinuousClock.Instant, bytes: [UInt8]?)] = []

    init(from: Int32, to: Int32, delay: Duration, onEnd: @escaping @Sendable () -> Void) {
        self.from = from
        self.to = to
        self.delay = delay
        self.onEnd = onEnd
    }

    func start() {
        Thread { [self] in readAll() }.start()
        Thread { [self] in
            writeAll()
            onEnd()
        }.start()
    }

    private func readAll() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            push(count > 0 ? Array(buffer[0..<count]) : nil)
            if count <= 0 { return }
        }
    }

    private func push(_ bytes: [UInt8]?) {
        condition.lock()
        chunks.append((ContinuousClock.now + delay, bytes))
        condition.signal()
        condition.unlock()
    }

    private func pop() -> (due: ContinuousClock.Instant, bytes: [UInt8]?) {
        condition.lock()
        defer { condition.unlock() }
        while chunks.isEmpty { condition.wait() }
        return chunks.removeFirst()
    }

    private func writeAll() {
        while true {
            let (due, bytes) = pop()
            let left = ContinuousClock.now.duration(to: due) / .seconds(1)
            if left > 0 { Thread.sleep(forTimeInterval: left) }
            guard let bytes, send(bytes) else { break }
        }
        shutdown(to, Int32(SHUT_WR))
        // A reader that waits for more than the writer can pass on would wait for ever.
        shutdown(from, Int32(SHUT_RD))
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Loopback.send(to, $0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
