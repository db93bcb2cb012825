import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Asks an address over HTTP whether batches may start.
struct ThrottleAsker: Sendable {
    /// Longest wait for an answer, in seconds: who takes longer is not well, which is an answer.
    static let timeoutSeconds = 2.0

    private let session: URLSession

    init() {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = Self.timeoutSeconds
        configuration.timeoutIntervalForResource = Self.timeoutSeconds
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(
            configuration: configuration, delegate: NoRedirection(), delegateQueue: nil)
    }

    /// Ends the session, which otherwise lives as long as the process.
    func close() { session.invalidateAndCancel() }

    /// Why no batch may start, in words, or `nil` after an answer of 200 to 299.
    func reason(_ address: String) async -> String? {
        // The address is not repeated: a part of it may be a secret.
        let shown = "--throttle-url"
        guard let url = URL(string: address) else { return "\(shown) is no address" }
        do {
            let (_, response) = try await session.data(for: URLRequest(url: url))
            guard let status = (response as? HTTPURLResponse)?.statusCode else {
                return "\(shown) gave no answer of HTTP"
            }
            return (200..<300).contains(status) ? nil : "\(shown) answered \(status)"
        } catch let error as URLError where error.code == .timedOut {
            return "\(shown) gave no answer within \(Int(Self.timeoutSeconds)) s"
        } catch {
            return "\(shown) cannot be reached"
        }
    }
}

/// Leaves a redirection for what it is: where it leads to is often a page for logging in, which
/// answers 200.
private final class NoRedirection: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
