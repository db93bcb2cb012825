extension ConnectionParameters {
    /// The same parameters for each of several hosts alone, in order; none where one is named.
    ///
    /// libpq takes the first that accepts a session and never comes back to the others, although
    /// only the caller may know that this one will not do.
    public var eachHost: [ConnectionParameters] {
        let lists = ["host", "hostaddr", "port"].compactMap { keyword in
            self[keyword].map { value in
                (keyword, value.split(separator: ",", omittingEmptySubsequences: false))
            }
        }
        let count = lists.map(\.1.count).max() ?? 1
        guard count > 1 else { return [] }
        return (0..<count).map { index in
            lists.reduce(self) { parameters, list in
                // One port may stand for all hosts.
                let value = list.1.indices.contains(index) ? list.1[index] : list.1[0]
                return parameters.setting(list.0, to: String(value))
            }
        }
    }
}
