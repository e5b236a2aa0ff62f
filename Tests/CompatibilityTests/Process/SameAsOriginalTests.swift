// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The process beside the original's: what it logs, shows and leaves with under the same circumstances.
///
/// - Source: spec/config-and-process.md 3, 4, 6, 7, and the original itself.
@Suite(.serialized, .ownThread) struct `A process like the original` {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let circumstances: Circumstances
        /// Looked at while it runs.
        let observe: @Sendable (Life) throws -> [String]

        init(
            _ description: String, _ lines: [String] = [], port: String = "port PORT", arguments: [String] = [],
            environment: [String: String] = [:], before: String = "",
            observe: @escaping @Sendable (Life) throws -> [String] = { _ in [] }
        ) {
            testDescription = description
            circumstances = Circumstances(
                lines: [port] + lines, arguments: arguments, environment: environment, before: before)
            self.observe = observe
        }
    }

    private struct Outcome: Equatable {
        let exitCode: Int32
        let texts: [String]
        let errors: String
        let observed: [String]
    }

    @Test(.timeLimit(.minutes(1)), arguments: listening + limits + titles + logging + supervision + signals)
    func `behaves alike`(case: Case) throws {
        let ours = try outcome(.ours, `case`)
        let original = try outcome(.original, `case`)
        #expect(ours == original, "ours is first, the original second")
    }

    private func outcome(_ program: SentinelProgram, _ case: Case) throws -> Outcome {
        try withTemporaryDirectory { directory in
            let life = try Life(program, in: directory, `case`.circumstances)
            defer { life.process.end() }
            try life.awaitStart()
            let observed = life.process.isRunning ? try `case`.observe(life).map(life.general) : []
            let code = life.process.isRunning ? try life.terminate() : life.process.exitCode ?? -1
            return Outcome(
                exitCode: code, texts: life.texts.map(life.general), errors: life.general(life.process.errors()),
                observed: observed)
        }
    }

    /// With the title left alone, the original shows it.
    @Test(.timeLimit(.minutes(1)))
    func `without a title the arguments show no secrets either`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: ["port PORT", "set-proc-title no", "sentinel monitor m 127.0.0.1 6379 1"],
                    arguments: [
                        "--requirepass", "open-sesame", "--sentinel", "auth-pass", "m", "open-sesame",
                        "--masterauth open-sesame", "--timeout", "7",
                    ]))
            defer { life.process.end() }
            try life.awaitStart()
            let words = Self.title(life)
            #expect(words.count == 11)
            #expect(!words.joined().contains("sesame"))
            #expect(words.suffix(2) == ["--timeout", "7"])
            #expect(try life.ask("PING") == .error("NOAUTH Authentication required."))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a file for its number that can't be written is told of`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory, Circumstances(lines: ["port PORT", "pidfile /nonexistent/pid"]))
            defer { life.process.end() }
            try life.awaitStart()
            #expect(life.texts.contains("Failed to write PID file: No such file or directory"))
            #expect(try life.ask("PING") == .simple("PONG"))
        }
    }

    /// The original removes whatever is there, its own configuration file if need be.
    @Test(.timeLimit(.minutes(1)))
    func `a file in the place of the Unix socket stays`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory, Circumstances(lines: ["port PORT", "unixsocket DIR/sentinel.conf"]))
            #expect(try life.process.waitForExit(within: .seconds(10)) == 1)
            #expect(life.texts.last == "Failed opening Unix socket: bind: Address already in use")
            #expect(FileManager.default.contents(atPath: life.directory + "/sentinel.conf")?.isEmpty == false)
        }
    }

    /// Where they are closed, other descriptors get their numbers, and what is written to them.
    @Test(.timeLimit(.minutes(1)))
    func `with standard input, output and errors closed it serves`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(lines: ["port PORT", "dir DIR", "loglevel debug"], before: "exec <&- >&- 2>&-"))
            defer { life.process.end() }
            try eventually("it answers", within: .seconds(10)) { try life.ask("PING") == .simple("PONG") }
            for number in 0...2 {
                let path = "/proc/\(life.process.pid ?? 0)/fd/\(number)"
                #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/dev/null")
            }
            #expect(try life.terminate() == 0)
        }
    }

    /// The original lets in as many clients as there are descriptors for, 32 apart, and then can't open a link.
    @Test(.timeLimit(.minutes(1)))
    func `with less room than clients it keeps what links and files need`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: ["port PORT", "maxclients 500", "sentinel monitor m 127.0.0.1 6379 1"],
                    before: "ulimit -n 308"))
            defer { life.process.end() }
            try life.awaitStart()
            #expect(try life.information("maxclients") == "224")
            #expect(
                life.texts.contains("You requested maxclients of 500 requiring at least 584 max file descriptors."))
            #expect(
                life.texts.contains {
                    $0.hasPrefix("Current maximum open files is 308. maxclients has been reduced to 224 ")
                })
        }
    }

    #if os(Linux)
        /// The log's file can't be opened either then, so it is told afterwards.
        @Test(.timeLimit(.minutes(1)), arguments: [[], ["logfile DIR/sentinel.log"]])
        func `out of descriptors it says why clients wait, once`(lines: [String]) throws {
            try withTemporaryDirectory { directory in
                let life = try Life(.ours, in: directory, Circumstances(lines: ["port PORT"] + lines))
                defer { life.process.end() }
                try life.awaitStart()
                let pid = try #require(life.process.pid)
                let early = try RedisClient(port: life.port)
                #expect(try early.request("PING") == .simple("PONG"))
                func allow(_ descriptors: Int) throws {
                    let result = try run("prlimit", ["--pid", "\(pid)", "--nofile=\(descriptors):1024"])
                    #expect(result.code == 0, "\(result.errors)")
                }
                try allow(3)
                let late = try RedisClient(port: life.port)
                try late.send(command: ["PING"])
                func failures() throws -> Int {
                    let text = try early.request("INFO", "internals").text ?? ""
                    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("failed_accepts:") }
                    return line.flatMap { Int($0.dropFirst(15)) } ?? 0
                }
                try eventually("it has tried several times", within: .seconds(10)) { try failures() > 2 }
                try allow(1_024)
                #expect(try late.readReply(within: .seconds(5)) == .simple("PONG"))
                let text = "Accepting client connection: accept: Too many open files."
                try eventually("it says so", within: .seconds(5)) { life.texts.contains { $0.hasPrefix(text) } }
                #expect(life.texts.count { $0.hasPrefix("Accepting client connection: ") } == 1)
            }
        }
    #endif

    // MARK: Cases

    static let listening: [Case] = [
        Case("bind one", ["bind 127.0.0.1"]) { reached($0) },
        Case("bind several", ["bind 127.0.0.1 127.0.0.3"]) { reached($0) },
        Case("bind IPv6", ["bind 127.0.0.1 ::1"]) { reached($0) },
        Case("bind everything") { reached($0) },
        Case("bind *", ["bind *"]) { reached($0) },
        Case("bind ::*", ["bind -::*"]) { reached($0) },
        Case("bind a name", ["bind localhost"]) { reached($0) },
        Case("bind a name nobody has", ["bind nosuch.invalid"]),
        Case("bind an address of somebody else", ["bind 127.0.0.1 192.0.2.7"]),
        Case("bind one that may be missing", ["bind -192.0.2.7 127.0.0.1"]) { reached($0) },
        Case("bind one that may be missing, alone", ["bind -192.0.2.7"]),
        Case("bind one that may be missing but is taken", ["bind 127.0.0.1 -127.0.0.1"]),
        Case("bind the same twice", ["bind 127.0.0.1 127.0.0.1"]),
        Case("bind nothing", ["bind"]),
        Case("bind an empty word", ["bind \"\""]),
        Case("port 0", port: "port 0"),
        Case("port 0 with a Unix socket", ["unixsocket DIR/socket"], port: "port 0") { socket($0, mode: 0o755) },
        Case("permissions of the socket", ["unixsocket DIR/socket", "unixsocketperm 700"]) { socket($0, mode: 0o700) },
        Case("a relative socket", ["dir DIR", "unixsocket socket"]) { socket($0, mode: 0o755) },
        Case("a socket nowhere", ["unixsocket /nonexistent/socket"]),
        Case("a socket with a long path", ["unixsocket /tmp/\(String(repeating: "s", count: 120))"]),
        Case("a long backlog", ["tcp-backlog 2000000000"]) { reached($0) },
        Case("a short backlog", ["bind 127.0.0.1", "tcp-backlog 3"]) { reached($0) },
    ]

    static let limits: [Case] = [
        Case("room for all clients", ["maxclients 100"], before: "ulimit -n 500") { try clients($0) },
        Case("room that can be had", ["maxclients 300"], before: "ulimit -Sn 100; ulimit -Hn 500") { try clients($0) },
        Case("room for one client", ["maxclients 500"], before: "ulimit -n 33") { try clients($0) },
        Case("no room for clients", ["maxclients 500"], before: "ulimit -n 20"),
    ]

    static let titles: [Case] = [
        Case("the usual title") { title($0) },
        Case("title of one address", ["bind 127.0.0.1 ::1"]) { title($0) },
        Case("title of an address that may be missing", ["bind -192.0.2.7 127.0.0.1"]) { title($0) },
        Case("title of a Unix socket", ["unixsocket DIR/socket"], port: "port 0") { title($0) },
        Case("no title", ["set-proc-title no"], arguments: ["--loglevel", "notice"]) { title($0) },
        Case("the title's variables", ["proc-title-template \"\(allVariables)\""]) { title($0) },
        Case("a title with spaces around it", ["proc-title-template \"  {title} {port}  {tls-port} \""]) { title($0) },
        Case("a title longer than the arguments", ["proc-title-template \"\(long) {title}\""]) { title($0) },
        Case("no secrets", arguments: ["--requirepass", "open-sesame"]) { title($0) },
    ]

    static let logging: [Case] = [
        Case("logfile", ["logfile DIR/sentinel.log"]),
        Case("a relative log file", ["dir DIR", "logfile sentinel.log"]),
        Case(
            "a relative log file before the directory", ["logfile ../sentinel.log", "dir DIR/below"],
            before: "mkdir DIR/below"),
        Case("a log file nowhere", ["logfile /nonexistent/log"]),
        Case("a text too long", ["sentinel monitor \(String(repeating: "m", count: 1100)) 127.0.0.1 6379 1"]),
        Case("the file of the process's number", ["pidfile DIR/pid"]) { life in
            let text = try String(contentsOfFile: life.directory + "/pid", encoding: .utf8)
            return [text.replacingOccurrences(of: "\(life.process.pid ?? 0)", with: "NUMBER")]
        },
        Case("a directory that is not there", ["dir /nonexistent"]),
        Case("oom-score-adj", ["oom-score-adj yes", "oom-score-adj-values 70 80 90"]) { [$0.kernel("oom_score_adj")] },
    ]

    static let supervision: [Case] = [
        Case("systemd without its socket", ["supervised systemd"]) { try supervisor($0) },
        Case("upstart without a job", ["supervised upstart"]) { try supervisor($0) },
        Case("auto without anybody", ["supervised auto"]) { try supervisor($0) },
        Case("auto with upstart", ["supervised auto"], environment: ["UPSTART_JOB": "sentinel"]) { try supervisor($0) },
    ]

    static let signals: [Case] =
        [
            ("INT", SIGINT), ("USR1", SIGUSR1), ("USR2", SIGUSR2), ("QUIT", SIGQUIT),
        ].map { name, number in
            Case("SIG\(name) ends it", ["pidfile DIR/pid", "unixsocket DIR/socket"], before: "ulimit -c 0") { life in
                life.process.signal(number)
                return ["\(try life.process.waitForExit(within: .seconds(10)))"] + files(life)
            }
        }
        + [("HUP", SIGHUP), ("PIPE", SIGPIPE), ("ALRM", SIGALRM)].map { name, number in
            Case("SIG\(name) does not") { life in
                life.process.signal(number)
                return [try life.ask("PING"), try life.ask("PING")].map { "\($0)" }
            }
        }
        + [[], ["NOSAVE"], ["SAVE"], ["NOW"], ["FORCE"], ["NOW", "FORCE", "NOSAVE"]].map { words in
            Case("SHUTDOWN \(words.joined(separator: " "))", ["pidfile DIR/pid", "unixsocket DIR/socket"]) { life in
                try RedisClient(port: life.port).send(command: ["SHUTDOWN"] + words)
                return ["\(try life.process.waitForExit(within: .seconds(10)))"] + files(life)
            }
        }
        + [["ABORT"], ["ABORT", "NOW"], ["SAVE", "NOSAVE"], ["frobnicate"]].map { words in
            Case("SHUTDOWN \(words.joined(separator: " "))") { life in
                ["\(try RedisClient(port: life.port).request(["SHUTDOWN"] + words))"]
            }
        }

    // MARK: Observations

    private static let long = String(repeating: "x", count: 200)
    private static let allVariables =
        "{title}|{port}|{tls-port}|{unixsocket}|{config-file}|{server-mode}|{listen-addr}|{{x"

    private static func reached(_ life: Life) -> [String] {
        ["127.0.0.1", "127.0.0.3", "::1"].filter { answers(at: $0, life.port) }
    }

    private static func socket(_ life: Life, mode: Int) -> [String] {
        let path = life.directory + "/socket"
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let permissions = attributes?[.posixPermissions] as? Int ?? -1
        return [answers(atPath: path) ? "answers" : "silent", "\(permissions == mode)"]
    }

    private static func clients(_ life: Life) throws -> [String] { [try life.information("maxclients") ?? "?"] }

    private static func title(_ life: Life) -> [String] {
        let words = life.kernel("cmdline").split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        return Array(words.reversed().drop { $0.isEmpty }.reversed())
    }

    private static func supervisor(_ life: Life) throws -> [String] {
        [try life.information("process_supervised") ?? "?"]
    }

    private static func files(_ life: Life) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: life.directory)) ?? []).sorted()
    }
}
