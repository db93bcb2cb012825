internal import CLibpq

/// Collects the notices of one operation, which libpq would print to stderr.
///
/// libpq calls back on the thread that reads, which is the only one that uses the box.
final class NoticeBox {
    /// A loop of RAISE NOTICE must not fill the memory.
    static let noticesMax = 64

    private var notices: [Diagnostics] = []

    /// The box must live at least as long as the connection.
    func attach(to connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { box, result in
                guard let box else { return }
                let notices = Unmanaged<NoticeBox>.fromOpaque(box).takeUnretainedValue()
                notices.add(Diagnostics(result: result))
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Empties the box.
    func take() -> [Diagnostics] {
        defer { notices.removeAll() }
        return notices
    }

    private func add(_ notice: Diagnostics) {
        if notices.count < Self.noticesMax { notices.append(notice) }
    }
}
