import ArgumentParser

/// `sluice demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole thing on a throwaway primary and replica; no server needed.")

    func run() async throws {}
}
