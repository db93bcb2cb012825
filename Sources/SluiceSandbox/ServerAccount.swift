import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The account that the servers run as when this process is root, which PostgreSQL refuses.
struct ServerAccount: Sendable, Equatable {
    let name: String
    let userID: UInt32
    let groupID: UInt32

    /// The account to change to; nil if this process is not root and stays who it is.
    ///
    /// `postgres` comes with the packages; else whoever called sudo; `nobody` is everywhere.
    static func unprivileged(environment: [String: String]) throws -> ServerAccount? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", environment["SUDO_USER"], "nobody"] {
            if let name, let account = lookUp(name), account.userID != 0 { return account }
        }
        throw SandboxError(
            .accountMissing,
            "PostgreSQL does not run as root, and there is no user postgres or nobody: "
                + "make one (useradd --system postgres)")
    }

    /// What to put in front of a command so that it runs as this account, without root's groups.
    ///
    /// Not swift-subprocess's `userID`: it changes the user between fork and exec, where glibc
    /// waits for threads that only the parent has if one was being started at that moment, and
    /// the child hangs (seen with 1.0.2 when several sandboxes start at once).
    func prefix() throws -> [String] {
        let ways = [
            ["/usr/bin/setpriv", "--reuid=\(userID)", "--regid=\(groupID)", "--clear-groups"],
            ["/usr/sbin/runuser", "-u", name, "--"],
            ["/usr/bin/sudo", "-n", "-E", "-u", name, "--"],
        ]
        for way in ways where FileManager.default.isExecutableFile(atPath: way[0]) { return way }
        throw SandboxError(
            .accountMissing,
            "PostgreSQL does not run as root, and neither setpriv, runuser nor sudo is there to "
                + "run it as user \(name): install util-linux")
    }

    static func lookUp(_ name: String) -> ServerAccount? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let strings = buffer.baseAddress,
                getpwnam_r(name, &entry, strings, buffer.count, &found) == 0, found != nil
            else { return nil }
            return ServerAccount(name: name, userID: entry.pw_uid, groupID: entry.pw_gid)
        }
    }
}
