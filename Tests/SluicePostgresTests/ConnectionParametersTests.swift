import SluicePostgres
import Testing

@Suite struct ConnectionParametersTests {
    @Test func aURIAndAConninfoSayTheSame() throws {
        let uri = try ConnectionParameters(
            dsn: "postgresql://me:s3cret%20word@db.example:5433/app?sslmode=require")
        let conninfo = try ConnectionParameters(
            dsn: "host=db.example port=5433 user=me password='s3cret word' dbname=app"
                + " sslmode=require")
        #expect(uri == conninfo)
        #expect(uri["password"] == "s3cret word")
        #expect(uri["port"] == "5433")
        #expect(uri["keepalives"] == nil)
    }

    @Test func severalHostsCanBeAskedOneByOne() throws {
        let several = try ConnectionParameters(
            dsn: "host=a,b,c port=1,2,3 dbname=app target_session_attrs=read-write")
        #expect(several.eachHost.map { $0["host"] } == ["a", "b", "c"])
        #expect(several.eachHost.map { $0["port"] } == ["1", "2", "3"])
        #expect(several.eachHost.allSatisfy { $0["dbname"] == "app" })
        let onePort = try ConnectionParameters(dsn: "postgresql://a,b/app?port=5433")
        #expect(onePort.eachHost.map { $0["port"] } == ["5433", "5433"])
        #expect(try ConnectionParameters(dsn: "host=a port=1").eachHost.isEmpty)
        #expect(try ConnectionParameters(dsn: nil).eachHost.isEmpty)
    }

    @Test func nothingShowsASecret() throws {
        let parameters = ConnectionParameters(keywords: [
            "host": "h", "password": "hunter2!", "sslpassword": "hunter2!",
            "sslkey": "/keys/hunter2!", "options": "-c app.token=hunter2!",
            "oauth_client_secret": "hunter2!", "dbname": "postgres://u:hunter2!@h/d",
        ])
        var dumped = ""
        dump(parameters, to: &dumped)
        for text in [
            parameters.description, String(describing: parameters),
            String(reflecting: parameters), "\(Optional(parameters) as Any)", dumped,
        ] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
        #expect(parameters.description.contains("host=h"))
        #expect(parameters.description.contains("password=***"))
    }

    @Test(arguments: [
        "host=h password=my hunter2", "hunter2",
        "postgres://u:p@h/d?hunter2", "host='hunter2", "postgres://u:%zzhunter2@h/d",
        "postgres://[hunter2/d", "password=x\0hunter2",
    ])
    func anUnreadableStringIsRefusedWithoutRepeatingIt(dsn: String) throws {
        let error = try #require(throws: PostgresError.self) {
            try ConnectionParameters(dsn: dsn)
        }
        #expect(error.kind == .usage)
        #expect(!error.description.contains("hunter2"), "\(error)")
        #expect(error.description.contains("keyword=value"))
    }

    @Test func settingChangesACopy() {
        let first = ConnectionParameters(keywords: ["host": "a"])
        let second = first.setting("host", to: "b")
        #expect(first["host"] == "a")
        #expect(second["host"] == "b")
    }

    @Test func aDescriptionIsOneBoundedLine() {
        let error = PostgresError(
            kind: .server, message: "two\nlines " + String(repeating: "long ", count: 1000))
        #expect(error.description.count <= 600)
        #expect(!error.description.contains("\n"))
    }
}
