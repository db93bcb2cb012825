import Foundation
import Testing

@testable import SluiceSandbox

@Suite struct PlacesTests {
    @Test func noPostgreSQLAtAllIsOneSentenceWithTheCure() {
        let error = #expect(throws: SandboxError.self) {
            try ServerBinaries.locate(named: nil, environment: ["PATH": "/nowhere"], places: [])
        }
        #expect(error?.code == .binariesMissing)
        #expect(
            error?.description == "initdb not found: install PostgreSQL "
                + "(apt-get install postgresql) or set SLUICE_POSTGRES_BIN to the folder that "
                + "holds it")
    }

    @Test func aNamedFolderWithoutServersIsRefusedNotReplaced() {
        let error = #expect(throws: SandboxError.self) {
            try ServerBinaries.locate(
                named: nil,
                environment: ["SLUICE_POSTGRES_BIN": "/nowhere", "PATH": "/usr/bin"])
        }
        #expect(
            error?.description == "initdb not found in /nowhere, the folder that "
                + "SLUICE_POSTGRES_BIN names: name the bin folder of a PostgreSQL server")
    }

    @Test func theNewestPackageComesFirst() throws {
        let root = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        for version in ["9.6", "15", "14"] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/postgresql@\(version)/bin", withIntermediateDirectories: true)
        }
        #expect(
            ServerBinaries.packaged(["\(root)/postgresql@*/bin", "/nowhere/*/bin"])
                == ["15", "14", "9.6"].map { "\(root)/postgresql@\($0)/bin" })
    }

    @Test func aFolderTooLongForASocketIsPassedOver() async throws {
        let root = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let long = root + "/" + String(repeating: "x", count: 60)
        try FileManager.default.createDirectory(
            atPath: long, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o777])
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: long)
        let account = try ServerAccount.unprivileged(environment: [:])

        let keeper = try await Keeper.start(parents: [long, "/tmp"], account: account)
        #expect(!keeper.folder.hasPrefix(root))
        let attributes = try FileManager.default.attributesOfItem(atPath: keeper.folder)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        await keeper.close()
        #expect(remains(of: keeper.folder) == [])

        let error = await #expect(throws: SandboxError.self) {
            try await Keeper.start(parents: [long], account: account)
        }
        #expect(error?.code == .folderFailed)
        #expect(try FileManager.default.contentsOfDirectory(atPath: long) == [])
    }
}
