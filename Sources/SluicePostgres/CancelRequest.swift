internal import CLibpq

/// A request to the server to cancel what one connection is running.
///
/// Made on the connection's own thread, sent from another one, because sending blocks: it
/// opens a connection of its own. Before libpq 17 that connection is never encrypted.
///
/// `@unchecked Sendable`: the pointer is used by one thread after the other, `send` moves
/// it to its last user, and libpq keeps nothing of the connection in it.
final class CancelRequest: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    init?(connection: OpaquePointer) {
        guard let pointer = sluice_cancel_create(connection) else { return nil }
        self.pointer = pointer
    }

    deinit { sluice_cancel_free(pointer) }

    /// Sends the request from another thread and does not wait for it.
    ///
    /// Whether it helped shows in the result that the connection still has to read.
    consuming func send() {
        let request = self
        _ = DetachedThread.start { _ = sluice_cancel_send(request.pointer) }
    }
}
