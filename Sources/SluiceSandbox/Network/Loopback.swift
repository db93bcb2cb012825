#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// TCP sockets on 127.0.0.1, without Nagle's delay.
enum Loopback {
    /// Listens on a port; 0 lets the kernel choose one.
    static func listen(port: UInt16 = 0) throws -> Int32 {
        let socket = stream()
        var place = address(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        guard socket >= 0, bound == 0, systemListen(socket, 64) == 0 else {
            throw SandboxError(
                .serverFailed, "no port on 127.0.0.1 could be listened on: errno \(errno)")
        }
        return socket
    }

    /// The port that a socket listens on.
    static func port(of socket: Int32) -> UInt16 {
        var place = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        return UInt16(bigEndian: place.sin_port)
    }

    /// The next connection, or a negative number once the listener is closed.
    static func accept(_ listener: Int32) -> Int32 {
        let socket = systemAccept(listener, nil, nil)
        if socket >= 0 { undelayed(socket) }
        return socket
    }

    /// Connects to a port.
    static func connect(_ port: UInt16) -> Int32? {
        let socket = stream()
        var place = address(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { systemConnect(socket, $0, size) }
        }
        guard socket >= 0, connected == 0 else { return nil }
        undelayed(socket)
        return socket
    }

    /// Sends without the signal that a closed peer would raise.
    static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.send(socket, bytes.baseAddress, bytes.count, 0)
        #elseif canImport(Musl)
            Musl.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #endif
    }

    private static func stream() -> Int32 {
        #if canImport(Glibc)
            socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }

    private static func undelayed(_ socket: Int32) {
        var on: Int32 = 1
        setsockopt(
            socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        #if canImport(Darwin)
            setsockopt(
                socket, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return place
    }
}

// Names of libc that members of the type would hide.
private let systemAccept:
    @Sendable (
        Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?
    ) -> Int32 = accept
private let systemListen: @Sendable (Int32, Int32) -> Int32 = listen
private let systemConnect: @Sendable (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32 = connect
