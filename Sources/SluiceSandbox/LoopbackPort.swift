#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// TCP ports on 127.0.0.1.
enum LoopbackPort {
    /// A port that nobody listened on a moment ago; who uses it must be ready for a collision.
    static func free() throws -> Int {
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
