import SluicePostgres

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A loopback port that accepts connections and never says a word.
struct SilentListener {
    private let socket: Int32
    let port: UInt16

    init() throws {
        #if canImport(Darwin)
            socket = Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #else
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = socket
        let failed = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(fd, address, length) != 0 || listen(fd, 8) != 0
                    || getsockname(fd, address, &length) != 0
            }
        }
        guard !failed else { throw TestServer.Failure(text: "cannot listen on loopback") }
        port = UInt16(bigEndian: address.sin_port)
    }

    var parameters: ConnectionParameters {
        ConnectionParameters(keywords: [
            "host": "127.0.0.1", "port": String(port), "user": "me", "dbname": "d",
        ])
    }

    func close() {
        #if canImport(Darwin)
            _ = Darwin.close(socket)
        #else
            _ = Glibc.close(socket)
        #endif
    }
}
