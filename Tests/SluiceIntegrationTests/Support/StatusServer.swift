import Foundation
import SluiceTestSupport
import Synchronization

/// A loopback port that answers each request with the status that it was told, or never.
final class StatusServer: Sendable {
    private let socket: Int32
    let port: Int
    private let state: Mutex<State>

    private struct State {
        var status: Int
        var location: String?
        var requests = 0
        /// Connections that are left without an answer.
        var silent: [Int32] = []
    }

    /// Begins to listen; `status` nil never answers.
    init(status: Int?, location: String? = nil) throws {
        state = Mutex(State(status: status ?? 0, location: location))
        (socket, port) = try LoopbackSocket.listening()
        let server = self
        Thread.detachNewThread { server.serve() }
    }

    var address: String { "http://127.0.0.1:\(port)/ready?token=hunter2" }
    var requests: Int { state.withLock { $0.requests } }

    /// Answers with another status from now on.
    func answer(_ status: Int) { state.withLock { $0.status = status } }

    /// Ends listening, and with it the thread.
    func close() {
        shutdown(socket, Int32(SHUT_RDWR))
        state.withLock { state in
            for connection in state.silent { _ = Foundation.close(connection) }
            state.silent = []
        }
    }

    private func serve() {
        while true {
            let connection = accept(socket, nil, nil)
            guard connection >= 0 else { break }
            serve(connection)
        }
        _ = Foundation.close(socket)
    }

    private func serve(_ connection: Int32) {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        // A request without a body comes in one piece over loopback.
        guard recv(connection, &bytes, bytes.count, 0) > 0 else {
            _ = Foundation.close(connection)
            return
        }
        let (status, location) = state.withLock { state in
            state.requests += 1
            if state.status == 0 { state.silent.append(connection) }
            return (state.status, state.location)
        }
        guard status != 0 else { return }
        let header = location.map { "Location: \($0)\r\n" } ?? ""
        let answer = Array(
            "HTTP/1.1 \(status) Status\r\nContent-Length: 0\r\n\(header)Connection: close\r\n\r\n"
                .utf8)
        _ = send(connection, answer, answer.count, 0)
        _ = Foundation.close(connection)
    }
}
