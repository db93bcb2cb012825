import Foundation

/// What may be shown of the address that a throttle asks.
public enum ThrottleURL {
    /// The address without login and without what follows a `?` or `#`, which may be a secret.
    public static func shown(_ url: String) -> String {
        guard var parts = URLComponents(string: url) else { return "…" }
        let hasMore = parts.query != nil || parts.fragment != nil
        parts.user = nil
        parts.password = nil
        parts.query = nil
        parts.fragment = nil
        return (parts.string ?? "…") + (hasMore ? "?…" : "")
    }
}
