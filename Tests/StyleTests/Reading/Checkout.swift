import Foundation

/// The files of this checkout that belong to the project.
enum Checkout {
    /// Found from this file's own place: `<root>/Tests/StyleTests/Reading/Checkout.swift`.
    static let root: URL = (0..<4).reduce(URL(filePath: #filePath)) { folder, _ in
        folder.deletingLastPathComponent()
    }

    static let fixturesPath = "Tests/StyleTests/Fixtures"

    /// Every text file but the fixtures, which break the rules on purpose.
    static let files: [SourceFile] = paths.compactMap { path in
        path.hasPrefix(fixturesPath + "/") ? nil : read(path)
    }

    /// Tracked files and new ones that are not ignored; without git, whatever lies here.
    private static let paths: [String] = {
        if let listed = try? ListedByGit.paths(in: root), !listed.isEmpty { return listed }
        return allPaths(under: root)
    }()

    /// Nil when the file is gone, is a folder or is not text.
    private static func read(_ path: String) -> SourceFile? {
        let url = root.appending(path: path)
        guard let data = try? Data(contentsOf: url), !data.contains(0),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        let isExecutable = FileManager.default.isExecutableFile(atPath: url.path)
        return SourceFile(path: path, text: text, isExecutable: isExecutable)
    }

    /// The paths of all files below a folder, relative to it, without build products.
    static func allPaths(under folder: URL) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        var found: [String] = []
        while let path = walk.nextObject() as? String {
            let name = path.split(separator: "/").last ?? ""
            if name.hasPrefix(".build") || name == ".git" || name == ".swiftpm" {
                walk.skipDescendants()
            } else {
                found.append(path)
            }
        }
        return found.sorted()
    }
}

private enum ListedByGit {
    static func paths(in root: URL) throws -> [String] {
        let output = try Command.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], in: root)
        guard output.status == 0 else { return [] }
        return output.text.split(separator: "\0").map(String.init).sorted()
    }
}
