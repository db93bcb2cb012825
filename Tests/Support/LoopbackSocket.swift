#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Blocking sockets on 127.0.0.1.
package enum LoopbackSocket {
    /// A socket that listens on a port of the system's choice.
    package static func listening() throws -> (socket: Int32, port: Int) {
        let listener = make()
        var address = address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, size) == 0 && listen(listener, 64) == 0
                    ? getsockname(listener, generic, &size) : -1
            }
        }
        guard code == 0 else { throw ConditionNotMet(description: "no port on 127.0.0.1") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A socket connected to a port; nil when nobody listens there.
    static func connected(to port: Int) -> Int32? {
        let client = make()
        var address = address(port: port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, size) }
        }
        if code == 0 { return client }
        close(client)
        return nil
    }

    /// Sends all of it; false when the other side is gone.
    static func write(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, noSignal)
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// What has arrived, at least one byte; nil when the other side is gone.
    static func read(from socket: Int32) -> [UInt8]? {
        // As much as libpq itself reads at once.
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Waits until there is something to read from either.
    static func wait(_ first: Int32, _ second: Int32) -> (first: Bool, second: Bool) {
        var both = [first, second].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&both, 2, -1) < 0, errno == EINTR {}
        return (both[0].revents != 0, both[1].revents != 0)
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    #if canImport(Darwin)
        private static let noSignal: Int32 = 0

        private static func make() -> Int32 {
            let made = socket(AF_INET, SOCK_STREAM, 0)
            // A write to a side that is gone is an error, not a signal that ends the tests.
            var yes: Int32 = 1
            setsockopt(made, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
            return made
        }
    #else
        /// A write to a side that is gone is an error, not a signal that ends the tests.
        private static let noSignal = Int32(MSG_NOSIGNAL)

        /// No child process inherits it: one that did would keep the connection open.
        private static func make() -> Int32 {
            #if canImport(Musl)
                socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
            #else
                socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            #endif
        }
    #endif
}
