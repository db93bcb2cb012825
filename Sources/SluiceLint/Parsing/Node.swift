import Foundation

/// A part of a parse tree, as PostgreSQL's own grammar made it.
///
/// Fields that are zero, false or empty are not there, as in the grammar's own output; a part that
/// is not there answers like an empty one.
struct Node: Sendable, Equatable, Decodable {
    private enum Value: Sendable, Equatable {
        case object([String: Node])
        case list([Node])
        case text(String)
        case number(Double)
        case flag(Bool)
        case nothing
    }

    private let value: Value

    /// A part that is not there.
    static let nothing = Node(.nothing)

    private init(_ value: Value) { self.value = value }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            var object: [String: Node] = [:]
            for key in container.allKeys {
                object[key.stringValue] = try container.decode(Node.self, forKey: key)
            }
            value = .object(object)
        } else if var container = try? decoder.unkeyedContainer() {
            var list: [Node] = []
            while !container.isAtEnd { list.append(try container.decode(Node.self)) }
            value = .list(list)
        } else {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                value = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                value = .number(number)
            } else if let text = try? container.decode(String.self) {
                value = .text(text)
            } else {
                value = .nothing
            }
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// A field of it.
    subscript(_ field: String) -> Node {
        if case .object(let object) = value { return object[field] ?? .nothing }
        return .nothing
    }

    /// Whether it is there.
    var exists: Bool { value != .nothing }
    /// Its parts, if it is a list.
    var items: [Node] { if case .list(let list) = value { list } else { [] } }
    /// What it says, if that is text.
    var text: String? { if case .text(let text) = value { text } else { nil } }
    /// What it says, if that is a number.
    var number: Int? { if case .number(let number) = value { Int(number) } else { nil } }
    /// Whether it is true.
    var isTrue: Bool { value == .flag(true) }

    /// What kind of node it is, and its fields: the tree wraps each as `{"Kind": {…}}`.
    var kind: String? {
        if case .object(let object) = value, object.count == 1 { return object.keys.first }
        return nil
    }
    /// The fields of what it wraps.
    var body: Node { kind.map { self[$0] } ?? .nothing }

    /// The parts of a dotted name.
    var names: [String] { items.compactMap { $0["String"]["sval"].text } }

    /// Every node in it that is of a kind, itself included, in no order.
    func all(_ kind: String) -> [Node] {
        switch value {
        case .object(let object):
            let own = object[kind].map { [$0] } ?? []
            return own + object.values.flatMap { $0.all(kind) }
        case .list(let list): return list.flatMap { $0.all(kind) }
        default: return []
        }
    }
}
