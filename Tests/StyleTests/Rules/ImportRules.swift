/// The arrows between the targets, and what each may use from outside.
enum ImportRules {
    static let all = [
        libpqHasOneImporter, coreImportsNothing, arrows, commandLineIsTheEnd, noXCTest,
    ]

    static let libpqHasOneImporter = Rule(name: "libpq-has-one-importer") { file in
        guard !file.isIn("Sources/SluicePostgres") else { return [] }
        return imports(of: file).filter { $0.module == "CLibpq" }.map {
            Violation(
                file, line: $0.line,
                "only SluicePostgres imports CLibpq; import SluicePostgres, and add to it what "
                    + "its interface lacks")
        }
    }

    static let coreImportsNothing = Rule(name: "core-imports-nothing") { file in
        guard file.isIn("Sources/SluiceCore") else { return [] }
        return imports(of: file).map {
            Violation(
                file, line: $0.line,
                "SluiceCore imports nothing, not even \($0.module); pass time, randomness and "
                    + "results in as values, and let Sluice do the rest")
        }
    }

    static let arrows = Rule(name: "arrows") { file in
        let isJudgedElsewhere = file.isIn("Sources/SluiceCore")
        guard file.isIn("Sources"), file.isSwift, !isJudgedElsewhere, let target = file.target
        else { return [] }
        guard let allowed = allowedImports[target] else {
            return [
                Violation(
                    file, line: 1,
                    "target \(target) has no arrows yet; add what it may import to ImportRules")
            ]
        }
        return imports(of: file).filter { !allowed.contains($0.module) }.map {
            Violation(
                file, line: $0.line,
                "\(target) may not import \($0.module); move this code to the target that may, "
                    + "or change the arrows in ImportRules and say why in docs/decisions")
        }
    }

    static let commandLineIsTheEnd = Rule(name: "command-line-is-the-end") { file in
        guard !file.isIn("Tests/SluiceCLITests") else { return [] }
        return imports(of: file).filter { $0.module == "SluiceCLI" }.map {
            Violation(
                file, line: $0.line,
                "nothing imports SluiceCLI; move what is shared down to Sluice")
        }
    }

    /// `scripts/test` runs Swift Testing alone, so a test of another kind would never run.
    static let noXCTest = Rule(name: "no-xctest") { file in
        imports(of: file).filter { $0.module == "XCTest" }.map {
            Violation(file, line: $0.line, "write this test with Swift Testing: import Testing")
        }
    }

    // MARK: - The arrows

    private static let system: Set<String> = [
        "Darwin", "Dispatch", "Glibc", "Musl", "Synchronization",
    ]
    private static let foundation: Set<String> = [
        "Foundation", "FoundationEssentials", "FoundationNetworking",
    ]
    private static let serverEcosystem: Set<String> = [
        "Logging", "Metrics", "ServiceLifecycle", "UnixSignals",
    ]
    private static let engine: Set<String> = ["SluiceCore", "SluicePostgres"]

    /// What each target below `Sources` may import; SluiceCore has a rule of its own.
    private static let allowedImports: [String: Set<String>] = {
        let common = system.union(foundation)
        let library = common.union(serverEcosystem).union(engine)
        return [
            "SluicePostgres": system.union(["CLibpq"]),
            "SluiceControlPlant": ["SluiceCore"],
            "Sluice": library,
            "SluiceSandbox": common.union([
                "Logging", "SluicePostgres", "Subprocess", "System", "SystemPackage",
            ]),
            "SluiceBench": library.union(["Sluice", "SluiceSandbox"]),
            "SluiceLint": common.union(["CPgQuery"]),
            "SluiceMigration": library.union(["Sluice", "Yams"]),
            "SluiceDashboard": library.union([
                "HTTPTypes", "Hummingbird", "NIOCore", "Sluice",
            ]),
            "SluiceCLI": library.union([
                "ArgumentParser", "Sluice", "SluiceBench", "SluiceDashboard", "SluiceLint",
                "SluiceMigration", "SluiceSandbox", "Yams",
            ]),
        ]
    }()

    // MARK: - Reading imports

    private struct Import {
        let module: String
        let line: Int
    }

    private static let kinds: Set<String> = [
        "actor", "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
    ]

    private static func imports(of file: SourceFile) -> [Import] {
        file.indices(of: "import").map { index in
            let next = file.token(at: index + 1)
            let module = kinds.contains(next) ? file.token(at: index + 2) : next
            return Import(module: module, line: file.tokens[index].line)
        }
    }
}
