import Testing

@testable import SluiceCLI

/// Where passwords stand in an argument.
struct SecretArgumentsTests {
    static let cases: [(String, String)] = [
        ("postgresql://me:hunter2@db/shop", "postgresql://me:*******@db/shop"),
        ("--dsn=postgres://me:h@nter2@db", "--dsn=postgres://me:*******@db"),
        ("postgresql://me:hun/er2@db/shop", "postgresql://me:*******@db/shop"),
        ("postgresql://me@db:5432/shop", "postgresql://me@db:5432/shop"),
        (
            "postgresql://db/x?password=hunter2&sslpassword=abc",
            "postgresql://db/x?password=*******&sslpassword=***"
        ),
        ("host=db password=hunter2 user=me", "host=db password=******* user=me"),
        ("host=db Password = hunter2", "host=db Password = *******"),
        (#"password='it\'s it' user=me"#, "password=********** user=me"),
        ("password='open", "password=*****"),
        ("password=", "password="), ("password", "password"), ("", ""),
        ("--table", "--table"), ("set a = 'no secret'", "set a = 'no secret'"),
    ]

    @Test(arguments: cases)
    func theyAreOverwritten(_ argument: String, _ shown: String) {
        var bytes = Array(argument.utf8)
        for range in SecretArguments.ranges(in: bytes) {
            for place in range { bytes[place] = UInt8(ascii: "*") }
        }
        #expect(String(decoding: bytes, as: UTF8.self) == shown)
    }
}
