#if canImport(System)
    import System
#else
    import SystemPackage
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Two connected sockets that no child process inherits.
///
/// One that did would keep the keeper waiting. Sockets, not pipes, because Linux marks them
/// close-on-exec in the same step.
func closeOnExecPair() throws -> (FileDescriptor, FileDescriptor) {
    var ends: [Int32] = [-1, -1]
    #if canImport(Darwin)
        let code = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
        for end in ends where code == 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #elseif canImport(Musl)
        let code = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &ends)
    #else
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let code = socketpair(AF_UNIX, kind, 0, &ends)
    #endif
    guard code == 0 else { throw Errno(rawValue: errno) }
    return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
}

extension FileDescriptor {
    /// Reads up to the next newline, which is left out; empty at the end of the file.
    func readLine() -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while (try? withUnsafeMutableBytes(of: &byte, { try read(into: $0) })) == 1 {
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Tells the other end of a socket that no more will come; what it sends can still be read.
    func endWriting() {
        _ = shutdown(rawValue, Int32(SHUT_WR))
    }

    /// An unnamed file with this content, to be read from its beginning.
    ///
    /// Standard input from a pipe would end this process by SIGPIPE when a program stops reading
    /// early, as `psql` does at the first error.
    ///
    /// - Parameter path: A name for the moment, which must be new.
    static func holding(_ text: String, at path: String) throws -> FileDescriptor {
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite)
        unlink(path)
        do {
            try file.writeAll(text.utf8)
            try file.seek(offset: 0, from: .start)
        } catch {
            try? file.close()
            throw error
        }
        return file
    }
}
