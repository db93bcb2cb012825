/// In which order the rows of a table are visited.
public enum OrderSetting: String, Sendable, Equatable, Hashable, CaseIterable {
    /// In that of the pages where that pays, else in that of the key.
    case auto
    /// In that of the key.
    case key
    /// In that of the table's pages, with a sweep in key order for what is left behind them.
    case physical
}
