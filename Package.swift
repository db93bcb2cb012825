// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Where PostgreSQL's grammar (libpg_query) is; without it everything but `sluice lint` is built.
let grammar = ["/usr", "/usr/local", "/opt/homebrew"].first {
    FileManager.default.fileExists(atPath: $0 + "/include/pg_query.h")
}

/// Imports are internal unless said otherwise, and every module names what it uses.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "sluice",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sluice", targets: ["SluiceCLI"]),
        .library(name: "Sluice", targets: ["Sluice"]),
        .library(name: "SluiceCore", targets: ["SluiceCore"]),
        .library(name: "SluiceSandbox", targets: ["SluiceSandbox"]),
        .library(name: "SluiceControlPlant", targets: ["SluiceControlPlant"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibpq", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(name: "SluicePostgres", dependencies: ["CLibpq"], swiftSettings: strict),
        .target(name: "SluiceCore", swiftSettings: strict),
        .target(
            name: "SluiceControlPlant", dependencies: ["SluiceCore"], swiftSettings: strict),
        .target(
            name: "Sluice",
            dependencies: [
                "SluiceCore", "SluicePostgres",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "SluiceSandbox",
            dependencies: [
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .target(
            name: "SluiceBench",
            dependencies: ["Sluice", "SluiceCore", "SluicePostgres", "SluiceSandbox"],
            swiftSettings: strict),
        .target(
            name: "SluiceMigration",
            dependencies: ["Sluice", "SluiceCore", "SluicePostgres", "Yams"],
            swiftSettings: strict),
        .executableTarget(
            name: "SluiceCLI",
            dependencies: (grammar == nil ? [] : ["SluiceLint"]) + [
                "Sluice", "SluiceBench", "SluiceCore", "SluiceMigration", "SluicePostgres",
                "SluiceSandbox", "Yams",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SluicePostgresTests", dependencies: ["SluicePostgres", "SluiceSandbox"],
            swiftSettings: strict),
        .testTarget(
            name: "SluiceCoreTests", dependencies: ["SluiceCore"], swiftSettings: strict),
        .testTarget(
            name: "SluiceControlTests", dependencies: ["SluiceControlPlant", "SluiceCore"],
            swiftSettings: strict),
        .testTarget(
            name: "SluiceTests", dependencies: ["Sluice", "SluiceCore", "SluicePostgres"],
            swiftSettings: strict),
        .testTarget(
            name: "SluiceSandboxTests", dependencies: ["SluiceSandbox"],
            swiftSettings: strict),
        .target(
            name: "SluiceTestSupport",
            dependencies: ["Sluice", "SluiceCore", "SluicePostgres", "SluiceSandbox"],
            path: "Tests/Support", swiftSettings: strict),
        .testTarget(
            name: "SluiceBenchTests", dependencies: ["SluiceBench"], swiftSettings: strict),
        .testTarget(
            name: "SluiceMigrationTests",
            dependencies: ["SluiceMigration", "Sluice", "SluicePostgres", "SluiceTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "SluiceIntegrationTests",
            dependencies: [
                "Sluice", "SluiceBench", "SluiceCore", "SluicePostgres", "SluiceSandbox",
                "SluiceTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SluiceChaosTests",
            dependencies: [
                "Sluice", "SluiceCore", "SluicePostgres", "SluiceSandbox", "SluiceTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SluiceCLITests",
            dependencies: [
                "SluiceCLI", "Sluice", "SluiceBench", "SluiceCore", "SluiceMigration",
                "SluicePostgres", "SluiceSandbox",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(name: "StyleTests", exclude: ["Fixtures"], swiftSettings: strict),
    ]
)

if let grammar {
    let isUsual = grammar == "/usr"
    package.targets += [
        .systemLibrary(
            name: "CPgQuery", providers: [.apt(["libpg-query-dev"]), .brew(["libpg_query"])]),
        .target(
            name: "SluiceLint", dependencies: ["CPgQuery"],
            swiftSettings: strict
                + (isUsual ? [] : [.unsafeFlags(["-Xcc", "-I\(grammar)/include"])]),
            linkerSettings: isUsual ? [] : [.unsafeFlags(["-L\(grammar)/lib"])]),
        .testTarget(
            name: "SluiceLintTests", dependencies: ["SluiceLint", "SluiceMigration"],
            resources: [.copy("Corpus")],
            swiftSettings: strict),
    ]
}
