// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore
import Testing

/// A configuration that is never written, and what was saved beside it.
@Suite struct `A state file` {
    static let id = String(repeating: "d", count: 40)
    static let file = """
        port 26379
        requirepass p
        sentinel state-file /var/state
        sentinel monitor m 10.0.0.1 6379 2
        sentinel down-after-milliseconds m 5000
        sentinel auth-pass m secret
        sentinel notification-script m /n.sh
        sentinel known-replica m 10.0.0.2 6379
        sentinel monitor other 10.0.1.1 6379 2

        """

    /// Reads the configuration with what `saved` holds.
    private func configuration(
        _ file: String = file, options: [String] = [], over saved: [UInt8] = [],
        environment: TestEnvironment = TestEnvironment()
    ) throws -> Configuration {
        var environment = environment
        environment.states["/var/state"] = .text(saved)
        return try read(file, options: options, environment: environment)
    }

    /// The state file of a sentinel to which `change` happened, without what stands around its lines.
    private func saved(
        _ file: String = file, options: [String] = [], over old: [UInt8] = [],
        environment: TestEnvironment = TestEnvironment(), _ change: (inout Configuration) -> Void
    ) throws -> (text: [UInt8], lines: [String]) {
        var before = try configuration(file, options: options, over: old, environment: environment)
        change(&before)
        let text = before.saved(over: bytes("whatever was there"))
        let after = try configuration(file, options: options, over: text, environment: environment)
        let names = { (settings: Settings) in settings.masters.sorted { $0.name.text < $1.name.text } }
        #expect(names(after.sentinel) == names(before.sentinel))
        #expect(after.server.users == before.server.users && after.server.logLevel == before.server.logLevel)
        let again = try configuration(file, options: options, over: after.saved(over: []), environment: environment)
        #expect(again.sentinel == after.sentinel)
        let lines = Grammar.lines(of: text).map { line in SentinelConfigurationTests.text(Array(line)) }
        return (text, lines.filter { !$0.isEmpty && !$0.hasPrefix("#") })
    }

    @Test func `has what the configuration does not say`() throws {
        let unchanged = try saved { $0.sentinel.myID = RunID(Self.id) }
        #expect(
            unchanged.lines == [
                "sentinel myid \(Self.id)", "sentinel config-epoch m 0", "sentinel leader-epoch m 0",
                "sentinel known-replica m 10.0.0.2 6379",
                "sentinel config-epoch other 0", "sentinel leader-epoch other 0", "sentinel current-epoch 0",
            ])
        let moved = try saved(over: unchanged.text) {
            $0.sentinel.masters[0].address.host = "10.0.0.2"
            $0.sentinel.masters[0].configEpoch = Epoch(3)
            $0.sentinel.masters[0].knownReplicas = [Endpoint(host: "10.0.0.1", port: 6379)]
            $0.sentinel.currentEpoch = Epoch(3)
        }
        #expect(
            moved.lines == [
                "sentinel myid \(Self.id)", "sentinel moved-master m 10.0.0.2 6379", "sentinel config-epoch m 3",
                "sentinel leader-epoch m 0", "sentinel known-replica m 10.0.0.1 6379", "sentinel config-epoch other 0",
                "sentinel leader-epoch other 0", "sentinel current-epoch 3",
            ])
        #expect(try configuration(over: moved.text).warnings.isEmpty)
    }

    /// As one has it that was rewritten before there was a state file; the next one may be a clean template.
    @Test func `has what happened even where the configuration says it`() throws {
        let template = "sentinel state-file /var/state\nsentinel monitor m 10.0.0.1 6379 2\n"
        let memory = [
            "sentinel myid \(Self.id)", "sentinel config-epoch m 3", "sentinel leader-epoch m 4",
            "sentinel known-replica m 10.0.0.2 6379",
            "sentinel known-sentinel m 10.0.0.8 26379 \(String(repeating: "e", count: 40))", "sentinel current-epoch 5",
        ]
        let rewritten = template + memory.map { "\($0)\n" }.joined()
        let unchanged = try saved(rewritten) { _ in }
        #expect(unchanged.lines == memory)
        let forgotten = try saved(rewritten, over: unchanged.text) {
            $0.sentinel.masters[0].knownReplicas = []
            $0.sentinel.masters[0].knownSentinels = []
        }
        let again = try configuration(rewritten, over: forgotten.text).sentinel
        #expect(again.masters[0].knownReplicas.isEmpty && again.masters[0].knownSentinels.isEmpty)
        let clean = try configuration(template, over: unchanged.text).sentinel
        #expect(clean.myID == RunID(Self.id) && clean.currentEpoch == Epoch(5))
        #expect(clean.masters[0].configEpoch == Epoch(3) && clean.masters[0].leaderEpoch == Epoch(4))
    }

    @Test func `follows the configuration in the quorum and in which masters there are`() throws {
        let moved = try saved {
            $0.sentinel.masters[0].address.host = "10.0.0.2"
            $0.sentinel.masters[0].knownReplicas = []
            $0.sentinel.masters[1].address.host = "10.0.1.2"
            $0.sentinel.masters[1].configEpoch = Epoch(1)
        }
        let file = Self.file.replacing("6379 2", with: "6379 3")
        let masters = try configuration(file, over: moved.text).sentinel.masters
        #expect(masters.map(\.quorum) == [3, 3])
        #expect(masters.map(\.address.host) == ["10.0.0.2", "10.0.1.2"])
        let fewer = Self.file.replacing("sentinel monitor other 10.0.1.1 6379 2\n", with: "")
        #expect(try configuration(fewer, over: moved.text).sentinel.masters.map(\.name.text) == ["m"])
        // Also where the quorum was set, which it then keeps.
        let set = try saved { $0.sentinel.masters[1].quorum = 1 }
        #expect(set.lines.contains("sentinel moved-master other 10.0.1.1 6379 1"))
        #expect(try configuration(fewer, over: set.text).sentinel.masters.map(\.name.text) == ["m"])
        #expect(try configuration(file, over: set.text).sentinel.masters.map(\.quorum) == [3, 1])
    }

    @Test func `takes back what is not so any more`() throws {
        let result = try saved {
            $0.sentinel.masters[0].downAfter = .seconds(30)
            $0.sentinel.masters[0].authPassword = nil
            $0.sentinel.masters[0].notificationScript = nil
            $0.server.logLevel = .debug
        }
        for line in [
            "sentinel down-after-milliseconds m 30000", "sentinel auth-pass m \"\"",
            "sentinel notification-script m \"\"", "loglevel debug",
        ] { #expect(result.lines.contains(line)) }
    }

    @Test func `gives a command of the data nodes its own name back`() throws {
        let file = Self.file + "sentinel rename-command m CONFIG abc\nsentinel rename-command m info def\n"
        var configuration = try configuration(file)
        configuration.sentinel.masters[0].renamedCommands.removeFirst()
        let saved = configuration.saved(over: [])
        let lines = text(saved).split(separator: "\n").filter { $0.contains("rename-command") }
        #expect(lines == ["sentinel rename-command m CONFIG CONFIG"])
        let back = try self.configuration(file, over: saved)
        #expect(
            back.sentinel.masters[0].renamedCommands == [
                RenamedCommand(command: "CONFIG", name: "CONFIG"), RenamedCommand(command: "info", name: "def"),
            ])
        #expect(back.saved(over: []) == saved)
    }

    @Test func `keeps a removed master removed, until it is monitored again`() throws {
        let removed = try saved { $0.sentinel.masters.removeFirst() }
        #expect(removed.lines.contains("sentinel removed-master m"))
        #expect(!removed.lines.contains { $0.contains("config-epoch m ") })
        let again = try saved(over: removed.text) {
            $0.sentinel.masters.append(
                MasterSettings(name: MasterName("m"), address: Endpoint(host: "10.0.0.9", port: 1), quorum: 1))
        }
        #expect(!again.lines.contains { $0.contains("removed-master") })
        #expect(again.lines.contains("sentinel moved-master m 10.0.0.9 1 1"))
        #expect(again.lines.contains("sentinel down-after-milliseconds m 30000"))
        // What nobody names any more needs no line.
        let gone = try configuration("sentinel state-file /var/state\n", over: removed.text)
        #expect(!text(gone.saved(over: [])).contains("removed-master"))
    }

    @Test func `has what was seen of a removed master that is monitored again`() throws {
        let removed = try saved { $0.sentinel.masters.removeFirst() }
        let again = try saved(over: removed.text) {
            var master = MasterSettings(
                name: MasterName("m"), address: Endpoint(host: "10.0.0.1", port: 6379), quorum: 2)
            master.knownReplicas = [Endpoint(host: "10.0.0.2", port: 6379)]
            $0.sentinel.masters.append(master)
        }
        #expect(again.lines.contains("sentinel known-replica m 10.0.0.2 6379"))
    }

    @Test func `says where a master is when another line than the one in force says so`() throws {
        let environment = TestEnvironment(included: ["/x": "sentinel monitor m 10.0.0.2 6379 2"])
        for (file, options) in [(Self.file + "include /x\n", []), (Self.file, ["sentinel monitor m 10.0.0.2 6379 2"])] {
            let unchanged = try saved(file, options: options, environment: environment) { _ in }
            #expect(!unchanged.lines.contains { $0.contains("moved-master") })
            let moved = try saved(file, options: options, environment: environment) {
                $0.sentinel.masters[0].address.host = "10.0.0.2"
            }
            #expect(moved.lines.contains("sentinel moved-master m 10.0.0.2 6379"))
        }
    }

    @Test func `may go on saying that there is no script`() throws {
        let unset = try saved { $0.sentinel.masters[0].notificationScript = nil }
        let file = Self.file.replacing("sentinel notification-script m /n.sh\n", with: "")
        #expect(try configuration(file, over: unset.text).sentinel.masters[0].notificationScript == nil)
    }

    @Test func `has all users or none`() throws {
        let alice = UserDeclaration(name: bytes("alice"), rules: [Secret("on")])
        let file = Self.file + "user alice on\nuser bob on\n"
        #expect(!(try saved(file) { _ in }).lines.contains { $0.hasPrefix("user") })
        let withoutBob = try saved(file) { $0.server.users = [alice] }
        #expect(withoutBob.lines.filter { $0.hasPrefix("user") } == ["user alice on"])
        let nobody = Self.file.replacing("requirepass p\n", with: "") + "user bob on\n"
        var configuration = try configuration(nobody)
        configuration.server.users = []
        let text = configuration.saved(over: [])
        #expect(SentinelConfigurationTests.text(text).contains("\nuser default on nopass ~* &* +@all\n"))
        let users = try self.configuration(nobody, over: text).server.users
        #expect(users.map(\.name) == [bytes("default")])
    }

    @Test func `wins over options and included files, and over a quorum with a warning`() throws {
        let environment = TestEnvironment(included: ["/x": "sentinel monitor inner 10.0.2.1 1 1\nuser eve on"])
        let file = "include /x\n" + Self.file
        let options = ["sentinel monitor late 10.0.3.1 1 1", "loglevel debug"]
        let result = try saved(file, options: options, environment: environment) {
            for index in $0.sentinel.masters.indices { $0.sentinel.masters[index].address.host = "10.9.9.9" }
            $0.sentinel.masters[1].quorum = 1
        }
        #expect(result.lines.filter { $0.contains("moved-master") }.count == 4)
        #expect(result.lines.contains("sentinel moved-master m 10.9.9.9 6379 1"))
        #expect(!result.lines.contains { $0.hasPrefix("user") || $0.hasPrefix("loglevel") || $0.hasPrefix("port") })
        let warnings = try configuration(file, options: options, over: result.text, environment: environment).warnings
        #expect(
            warnings.map(\.cause) == [.quorumOfState(master: "m", inForce: 1, configured: 2)])
    }

    @Test func `leaves the configuration alone even when that is rewritten`() throws {
        let result = Rewriter.rewrite(old: bytes(Self.file), configuration: try read(Self.file))
        #expect(text(result).contains("sentinel state-file /var/state\n"))
    }

    /// A state file left behind by an earlier life is older than what the configuration says by then.
    @Test(arguments: ["sentinel state-file /s\n", "include /x\n", "sentinel state-file /s\ninclude /x\n"])
    func `that the command line did away with is not believed at the next start`(line: String) throws {
        let environment = TestEnvironment(
            included: ["/x": "sentinel state-file /s"],
            states: ["/s": .text(bytes("bogus") + StateText.end)])
        let file = "sentinel monitor m 10.0.0.1 6379 2\n" + line
        let result = try rewritten(file, options: ["sentinel state-file \"\""], environment: environment) {
            $0.currentEpoch = Epoch(7)
        }
        let back = try read(result, environment: environment)
        #expect(back.server.stateFile.isEmpty && back.sentinel.currentEpoch == Epoch(7))
    }

    /// - Source: issue 4, torn state: a half-written file is refused, never half-applied.
    @Test func `that was cut off anywhere is refused with its name, the line and the reason`() throws {
        let whole = try saved { $0.sentinel.myID = RunID(Self.id) }.text
        for length in 1..<whole.count - 1 {
            do {
                _ = try configuration(over: Array(whole[..<length]))
                Issue.record("accepted with \(length) of \(whole.count) bytes")
            } catch let error as ConfigurationError {
                #expect(error.location?.role == .state && error.location?.file == "/var/state")
                #expect(error.reason == .stateCutOff)
            }
        }
        let lines = text(whole).split(separator: "\n", omittingEmptySubsequences: false)
        let cut = lines[..<5].joined(separator: "\n")
        do {
            _ = try configuration(over: bytes(cut))
            Issue.record("accepted")
        } catch let error as ConfigurationError {
            #expect(
                text(error.report(version: "Redis 7.0.15")) == """

                    *** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***
                    In the state file '/var/state'
                    Reading the configuration file, at line 5
                    >>> '\(lines[4])'
                    The state file ends here, without its last line: it was cut off. Restore it or remove it.

                    """)
        }
    }

    @Test(arguments: [
        "include /x", "sentinel moved-master m x 1", "sentinel state-file /y", "bogus x",
        "sentinel monitor m 1.2.3.4 1 0", "sentinel moved-master m 1.2.3.4 1 0",
    ])
    func `with a line that does not belong there is refused`(line: String) throws {
        let text = StateText.introduction + bytes("\n\(line)\n") + StateText.end
        do {
            _ = try configuration(over: text)
            Issue.record("accepted")
        } catch let error as ConfigurationError {
            #expect(error.location == Location(file: "/var/state", line: 4, role: .state))
        }
    }

    @Test func `that can't be read is fatal`() {
        var environment = TestEnvironment()
        environment.states["/var/state"] = .unreadable(why: "Permission denied")
        #expect(
            complaint(Self.file, environment: environment)
                == "Fatal error, can't open state file '/var/state': Permission denied\n")
    }
}

@Suite struct `Names where they are not resolved any more` {
    private let included = TestEnvironment(included: ["/x": "sentinel monitor m name.invalid 1 2\n"])

    @Test func `do not matter in a file that has been overruled`() throws {
        let file = "sentinel state-file /s\nsentinel monitor m name.invalid 1 2\nsentinel known-replica m r.invalid 1\n"
        var resolved = try read("sentinel state-file /s\nsentinel monitor m 10.0.0.9 1 2\n")
        resolved.sentinel.masters[0].address.host = "10.0.0.1"
        var environment = TestEnvironment()
        environment.states["/s"] = .text(resolved.saved(over: []))
        #expect(try read(file, environment: environment).sentinel.masters.map(\.address.host) == ["10.0.0.1"])
        let both = "include /x\nsentinel monitor m 10.0.0.1 1 2\n"
        #expect(try read(both, environment: included).sentinel.masters.map(\.address.host) == ["10.0.0.1"])
        #expect(try read("sentinel removed-master m\ninclude /x\n", environment: included).sentinel.masters.isEmpty)
    }

    @Test func `are refused where nothing else says where the master is`() {
        #expect(complaint("include /x\n", environment: included).contains("Can't resolve instance hostname."))
        let beside = complaint("sentinel state-file /s\nsentinel monitor m name.invalid 1 2\n")
        #expect(beside.contains("Can't resolve instance hostname."))
        let own = complaint(
            "sentinel monitor m name.invalid 1 2\nsentinel monitor m 10.0.0.1 1 2\n", environment: included)
        #expect(own.contains("Can't resolve instance hostname."))
    }
}

@Suite struct `An included file` {
    private let environment = TestEnvironment(
        included: [
            "/x": """
            user alice on
            sentinel monitor m 10.0.0.1 1 1
            sentinel down-after-milliseconds m 5
            sentinel auth-pass m secret

            """
        ])

    private func rewritten(_ change: (inout Configuration) -> Void) throws -> (text: String, back: Configuration) {
        var configuration = try read("include /x\n", environment: environment)
        change(&configuration)
        let text = SentinelConfigurationTests.text(
            Rewriter.rewrite(old: bytes("include /x\n"), configuration: configuration))
        let back = try read(text, environment: environment)
        #expect(back.sentinel == configuration.sentinel)
        return (text, back)
    }

    @Test func `does not bring back what was changed to the default, unset or removed`() throws {
        let changed = try rewritten {
            $0.sentinel.masters[0].downAfter = .seconds(30)
            $0.sentinel.masters[0].authPassword = nil
        }
        #expect(changed.text.contains("sentinel down-after-milliseconds m 30000\nsentinel auth-pass m \"\"\n"))
        let removed = try rewritten { $0.sentinel.masters = [] }
        #expect(removed.text.contains("sentinel removed-master m\n"))
    }

    @Test func `has no say any more once the line that led to it is gone`() throws {
        let main = "include /x\nport 5\n"
        let configuration = try read(main, environment: environment)
        for left in ["", "port 5\n"] {
            let text = Rewriter.rewrite(old: bytes(left), configuration: configuration)
            let alone = try read(SentinelConfigurationTests.text(text))
            #expect(alone.sentinel == configuration.sentinel && alone.server.users == configuration.server.users)
            #expect(alone.server.port == 5)
        }
        // An option leads there again.
        let optional = try read("port 5\n", options: ["include /x"], environment: environment)
        let text = text(Rewriter.rewrite(old: bytes("port 5\n"), configuration: optional))
        #expect(!text.contains("monitor m"))
    }

    /// - Source: the lines of a master that was removed are not looked at.
    @Test func `may say anything about a master that was removed`() throws {
        let environment = TestEnvironment(included: [
            "/x": "sentinel monitor sentinel 10.0.0.1 1 1\nsentinel parallel-syncs sentinel rename-command"
        ])
        let file = "sentinel removed-master sentinel\ninclude /x\nsentinel monitor m 10.0.0.2 1 1\n"
        let result = try SentinelConfigurationTests.rewritten(file, environment: environment) { _ in }
        #expect(result.hasPrefix(file))
    }

    @Test func `is found behind a form feed`() throws {
        let file = "\u{0C}include /x\n"
        let configuration = try read(file, environment: environment)
        let text = SentinelConfigurationTests.text(Rewriter.rewrite(old: bytes(file), configuration: configuration))
        #expect(text.hasPrefix(file) && !text.contains("secret") && !text.contains("alice"))
    }

    @Test func `does not win over what the main file says against the command line`() throws {
        let options = ["sentinel monitor m 10.0.0.9 1 1", "user alice off"]
        var configuration = try read("include /x\n", options: options, environment: environment)
        let first = Rewriter.rewrite(old: bytes("include /x\n"), configuration: configuration)
        configuration.sentinel.masters[0].address.host = "10.0.0.1"
        configuration.server.users = [UserDeclaration(name: bytes("alice"), rules: [Secret("on")])]
        let second = Rewriter.rewrite(old: first, configuration: configuration)
        let back = try read(second, options: options, environment: environment)
        #expect(back.sentinel.masters[0].address.host == "10.0.0.1")
        #expect(back.server.users == configuration.server.users)
    }

    @Test func `leaves nothing behind that only it made sense of`() throws {
        let environment = TestEnvironment(included: [
            "/x": "sentinel monitor m 10.0.0.1 1 1\nsentinel notification-script m /n.sh\n"
        ])
        let file = "include /x\nsentinel notification-script m \"\"\n"
        let configuration = try read(file, environment: environment)
        #expect(configuration.sentinel.masters[0].notificationScript == nil)
        let alone = Rewriter.rewrite(
            old: bytes("sentinel notification-script m \"\"\n"), configuration: configuration)
        #expect(try read(alone).sentinel == configuration.sentinel)
        // The included file may cease to speak of it.
        let other = TestEnvironment(included: ["/x": "sentinel monitor m 10.0.0.1 1 1\n"])
        #expect(try read(file, environment: other).sentinel == configuration.sentinel)
    }

    @Test func `is not repeated where the main file comes to say the same`() throws {
        let file = "user alice off\ninclude /x\nsentinel monitor m 10.0.0.9 1 1\n"
        var configuration = try read(file, environment: environment)
        #expect(configuration.sentinel.masters[0].address.host == "10.0.0.9")
        configuration.sentinel.masters[0].address.host = "10.0.0.1"
        configuration.server.users = [UserDeclaration(name: bytes("alice"), rules: [Secret("on")])]
        let text = SentinelConfigurationTests.text(Rewriter.rewrite(old: bytes(file), configuration: configuration))
        #expect(!text.contains("alice") && !text.contains("monitor"))
        let back = try read(text, environment: environment)
        #expect(back.sentinel == configuration.sentinel && back.server.users == configuration.server.users)
    }

    /// Found by the fuzzer: seed 4115307082, number 89379.
    @Test func `may go on speaking of a master that the main file named and no longer names`() throws {
        let environment = TestEnvironment(included: ["/x": "sentinel down-after-milliseconds m 5\n"])
        let file = "sentinel monitor m 10.0.0.1 1 1\ninclude /x\n"
        var configuration = try read(file, environment: environment)
        configuration.sentinel.masters = []
        let removed = text(Rewriter.rewrite(old: bytes(file), configuration: configuration))
        let back = try read(removed, environment: environment)
        #expect(back.sentinel.masters.isEmpty)
        #expect(text(Rewriter.rewrite(old: bytes(removed), configuration: back)) == removed)
    }

    @Test func `may have a user that the main file has changed`() throws {
        let alice = UserDeclaration(name: bytes("alice"), rules: [Secret("off")])
        for file in ["include /x\nuser alice off\n", "user alice off\ninclude /x\n"] {
            #expect(try read(file, environment: environment).server.users == [alice])
        }
        #expect(try rewritten { $0.server.users = [alice] }.back.server.users == [alice])
    }
}
