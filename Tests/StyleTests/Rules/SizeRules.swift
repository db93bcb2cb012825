/// A reader must be able to hold a file, a function and a line in view.
enum SizeRules {
    static let all = [fileLength, functionLength, lineLength]

    static let linesPerFileMax = 500
    static let linesPerFunctionMax = 70
    static let columnsMax = 100

    static let fileLength = Rule(name: "file-length") { file in
        guard file.isSwift, file.lines.count > linesPerFileMax else { return [] }
        return [
            Violation(
                file, line: linesPerFileMax + 1,
                "the file has \(file.lines.count) lines, \(linesPerFileMax) are allowed; "
                    + "move one of its concepts to a file of its own")
        ]
    }

    static let functionLength = Rule(name: "function-length") { file in
        FunctionBody.all(in: file).filter { $0.lines > linesPerFunctionMax }.map {
            Violation(
                file, line: $0.line,
                "the body of '\($0.name)' has \($0.lines) lines, \(linesPerFunctionMax) are "
                    + "allowed; name one of its parts and make it a function")
        }
    }

    static let lineLength = Rule(name: "line-length") { file in
        let isCode = file.isSwift || file.isShellScript || file.path.hasSuffix(".h")
        guard isCode else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            guard line.utf8.count > columnsMax, line.count > columnsMax, !isLoneAddress(line)
            else { return nil }
            return Violation(
                file, line: index + 1,
                "the line has \(line.count) columns, \(columnsMax) are allowed; "
                    + "break it, or run scripts/format")
        }
    }

    /// A comment that is nothing but one web address cannot be broken.
    private static func isLoneAddress(_ line: Substring) -> Bool {
        let words = line.split(separator: " ")
        return words.count <= 2 && words.last?.contains("://") == true
            && (line.contains("//") || line.contains("#"))
    }
}
