import Foundation
import Yams

/// Reads migration files.
public enum MigrationReader {
    /// Reads a file.
    ///
    /// - Throws: `MigrationError` with the file's name and line.
    public static func read(path: String) throws(MigrationError) -> Migration {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw MigrationError(.refused, "cannot read \(path): \(error.localizedDescription)")
        }
        let folder = URL(filePath: path).deletingLastPathComponent()
        return try read(text, file: path) { name in
            try? String(contentsOf: URL(filePath: name, relativeTo: folder), encoding: .utf8)
        }
    }

    /// Reads a file's text; `including` gives that of a file which it names.
    static func read(
        _ text: String, file: String, including: (String) -> String? = { _ in nil }
    ) throws(MigrationError) -> Migration {
        let top: Node?
        do {
            top = try compose(yaml: text)
        } catch let error as YamlError {
            throw MigrationError(.refused, "\(file): \(error)")
        } catch {
            throw MigrationError(.refused, "\(file): \(error)")
        }
        guard case .mapping(let mapping)? = top else {
            throw MigrationError(
                .refused, "\(file):1: a migration file has migration: and operations:")
        }
        var name: String?
        var operations: [any Operation] = []
        var lines: [Int] = []
        var shapes: ShapeSchemas?
        var whole = text
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            switch key.string {
            case "migration":
                name = value.string
                guard let name, Migration.isName(name) else {
                    throw MigrationError(
                        .refused,
                        "\(file):\(line): migration: takes a name of at most \(Migration.nameMax) "
                            + "small letters, digits and _")
                }
            case "operations":
                guard case .sequence(let list) = value, !list.isEmpty else {
                    throw MigrationError(.refused, "\(file):\(line): operations: is a list")
                }
                for item in list {
                    let included = included(item, including)
                    // What they say is a part of the migration, and may not change either.
                    for name in included.keys.sorted() { whole += included[name] ?? "" }
                    operations.append(try operation(item, file, included))
                    lines.append(item.mark?.line ?? 1)
                }
            case "schemas": shapes = try ShapeSchemas.read(value, "\(file):\(line)")
            default:
                throw MigrationError(
                    .refused,
                    "\(file):\(line): unknown key \(key.string ?? ""): there are migration, "
                        + "operations and schemas")
            }
        }
        guard let name, !operations.isEmpty else {
            throw MigrationError(
                .refused, "\(file):1: a migration file has migration: and operations:")
        }
        if shapes != nil, let reason = ShapeSchemas.obstacle(to: operations) {
            throw MigrationError(.refused, "\(file):1: schemas: cannot be: \(reason)")
        }
        return Migration(
            name: name, operations: operations, lines: lines, shapes: shapes, text: whole)
    }

    /// Files that an operation names, as far as they can be read.
    private static func included(
        _ node: Node, _ including: (String) -> String?
    ) -> [String: String] {
        guard case .mapping(let mapping) = node, case .mapping(let values)? = mapping.first?.value
        else { return [:] }
        var files: [String: String] = [:]
        for (key, value) in values where key.string?.hasSuffix("_file") == true {
            if let name = value.string { files[name] = including(name) }
        }
        return files
    }

    private static func operation(
        _ node: Node, _ file: String, _ included: [String: String]
    ) throws(MigrationError) -> any Operation {
        let line = node.mark?.line ?? 1
        func refusal(_ sentence: String) -> MigrationError {
            MigrationError(.refused, "\(file):\(line): \(sentence)")
        }
        guard case .mapping(let mapping) = node, mapping.count == 1, let entry = mapping.first,
            let keyword = entry.key.string
        else { throw refusal("an operation is one key, such as add_column, with its fields") }
        guard let type = Operations.all.first(where: { $0.keyword == keyword }) else {
            let names = Operations.all.map { $0.keyword }.joined(separator: ", ")
            throw refusal("unknown operation \(keyword): there are \(names)")
        }
        guard case .mapping(let values) = entry.value else {
            throw refusal("\(keyword) has fields, such as table:")
        }
        var texts: [String: String] = [:]
        var lists: [String: [String]] = [:]
        for (key, value) in values {
            let field = key.string ?? ""
            guard type.fields[field] != nil else {
                let known = type.fields.keys.sorted().joined(separator: ", ")
                throw refusal("\(keyword) has no field \(field): there are \(known)")
            }
            if case .sequence(let items) = value {
                lists[field] = items.compactMap(\.string)
            } else if let text = value.string, !text.allSatisfy(\.isWhitespace) {
                texts[field] = text
            } else {
                throw refusal("\(field) of \(keyword) has no value")
            }
        }
        for (field, isNeeded) in type.fields.sorted(by: { $0.key < $1.key })
        where isNeeded && texts[field] == nil && lists[field] == nil {
            throw refusal("\(keyword) needs \(field)")
        }
        return try type.init(
            Fields(
                file: file, line: line, texts: texts, lists: lists, included: included))
    }
}
