internal import CLibpq

/// A pipe that makes `poll` return.
struct WakePipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    init?() {
        var readEnd: Int32 = -1
        var writeEnd: Int32 = -1
        guard sluice_wake_open(&readEnd, &writeEnd) == 0 else { return nil }
        self.readEnd = readEnd
        self.writeEnd = writeEnd
    }

    func write() { sluice_wake_write(writeEnd) }
    func drain() { sluice_wake_drain(readEnd) }
    func close() { sluice_wake_close(readEnd, writeEnd) }
}
