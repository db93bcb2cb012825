#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Looks for the file that keeps batches from starting.
enum ThrottleFile {
    /// Why no batch may start, in words, or `nil` where there certainly is no such file.
    static func reason(_ path: String) -> String? {
        var status = stat()
        if stat(path, &status) == 0 { return "--throttle-file \(path) exists" }
        switch errno {
        case ENOENT where folderExists(path): return nil
        case ENOENT, ENOTDIR: return "the folder of --throttle-file \(path) does not exist"
        case EACCES: return "the folder of --throttle-file \(path) may not be read"
        default: return "--throttle-file \(path): \(String(cString: strerror(errno)))"
        }
    }

    /// A folder that is missing, or not mounted, is a slip of the pen or trouble; neither says that
    /// there is nothing to wait for.
    private static func folderExists(_ path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/") else { return true }
        var status = stat()
        return stat(slash == path.startIndex ? "/" : String(path[..<slash]), &status) == 0
    }
}
