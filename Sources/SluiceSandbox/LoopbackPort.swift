#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// TCP ports on 127.0.0.1.
enum LoopbackPort {
    /// Where ports are looked for: above what services are given by name, and below those that
    /// the kernel lends to outgoing connections (from 32768 on Linux, from 49152 elsewhere).
    ///
    /// A server that is stopped and started again wants its port back, and a connection that was
    /// lent it meanwhile would be in its way.
    private static let range = 10_000...32_767

    /// A port that nobody listened on a moment ago; who uses it must be ready for a collision.
    static func free() throws -> Int {
        // Of the 22,768 ports even a busy machine has few in use: 64 that are all taken are no
        // accident, and the kernel, which sees them all, chooses then.
        for _ in 0..<64 {
            if let port = try? bound(to: UInt16(Int.random(in: range))) { return port }
        }
        return try bound(to: 0)
    }

    /// The port that a socket is bound to for a moment; 0 lets the kernel choose.
    private static func bound(to port: UInt16) throws -> Int {
        #if canImport(Darwin)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #elseif canImport(Musl)
            let descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
        #else
            let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
            let descriptor = socket(AF_INET, Int32(kind), 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0
                    ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard code == 0 else {
            throw SandboxError(
                .serverFailed,
                "no free TCP port on 127.0.0.1 (\(String(cString: strerror(errno)))): "
                    + "is the loopback interface up?")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
