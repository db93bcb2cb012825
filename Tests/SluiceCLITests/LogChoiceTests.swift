import Logging
import Testing

@testable import SluiceCLI

struct LogChoiceTests {
    @Test(
        arguments: [
            (nil, nil), ("", nil), ("loud", nil), ("info", Logger.Level.info), ("DEBUG", .debug),
        ] as [(String?, Logger.Level?)])
    func onlyALevelBreaksTheSilence(_ word: String?, _ level: Logger.Level?) {
        #expect(LogChoice.level(word) == level)
    }
}
