import Foundation
import Sluice
import SluiceCore
import Yams

/// Reads a job file; what it refuses, it refuses with file, line and a suggestion.
enum JobFileReader {
    /// Larger than any job that a person writes; a wrong path must not fill the memory.
    static let bytesMax = 1 << 20

    /// Reads the file at `path`.
    /// - Throws: `UsageError`.
    static func read(path: String) throws(UsageError) -> JobFile {
        let shown = Printable.clean(path)
        let data: Data
        do {
            var isDirectory = ObjCBool(false)
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw UsageError("\(shown): no such job file; is the path right?")
            }
            if isDirectory.boolValue {
                throw UsageError("\(shown) is a folder: name the job file in it")
            }
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch let error as UsageError {
            throw error
        } catch {
            throw UsageError(
                "\(shown) cannot be read: check that its permissions let this user read it")
        }
        return try read(data: data, file: shown)
    }

    /// Reads a job from the bytes of a file.
    /// - Throws: `UsageError`.
    static func read(data: Data, file: String) throws(UsageError) -> JobFile {
        guard data.count <= bytesMax else {
            throw UsageError("\(file) is larger than 1 MiB: is it a job file?")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            // A newline is never a part of another character.
            let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let broken = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            throw UsageError("\(file):\(broken + 1): this is not UTF-8 text: is it a job file?")
        }
        return try read(text: text, file: file)
    }

    /// Reads a job from YAML; `file` is what messages call it.
    /// - Throws: `UsageError`.
    static func read(text: String, file: String) throws(UsageError) -> JobFile {
        let node: Node?
        do {
            // The parser takes a byte order mark for a part of the first line's indentation.
            let mark: Unicode.Scalar = "\u{FEFF}"
            let hasMark = text.unicodeScalars.first == mark
            node = try compose(yaml: hasMark ? String(text.unicodeScalars.dropFirst()) : text)
        } catch {
            throw UsageError(YAMLComplaint.sentence(for: error, file: file))
        }
        let hint = "a job file has at least table: and set:"
        guard let node, !JobNode.isNull(node) else {
            throw UsageError("\(file):1: the job file is empty; \(hint)")
        }
        let top = JobNode(node, file: file, path: "")
        let entries = try top.mapping(of: "keys such as table: and set:")
        var reader = JobFileKeys(file: file)
        for (key, value) in entries { try reader.take(key, value) }
        return try reader.finished(line: top.line)
    }
}
