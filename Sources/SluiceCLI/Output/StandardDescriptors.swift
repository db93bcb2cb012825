#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The descriptors 0, 1 and 2.
enum StandardDescriptors {
    /// Opens those that the caller closed (`sluice run … >&-`), so that no connection to a server
    /// gets their number and is written progress to.
    static func fill() {
        for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is taken: this one, as those below are open by now.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
