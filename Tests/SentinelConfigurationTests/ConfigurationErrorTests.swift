// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore
import Testing

@Suite struct `Bad files` {
    /// - Source: spec/config-and-process.md 1.1, 2; the reasons are those of Debian's redis-sentinel 7.0.15.
    @Test(arguments: [
        ("port \"6", "Unbalanced quotes in configuration line"),
        ("port 'a'b", "Unbalanced quotes in configuration line"),
        ("port 6379abc", "argument couldn't be parsed into an integer"),
        ("port +5", "argument couldn't be parsed into an integer"),
        ("port 05", "argument couldn't be parsed into an integer"),
        ("port \"\"", "argument couldn't be parsed into an integer"),
        ("port -1", "argument must be between 0 and 65535 inclusive"),
        ("port 1 2", "wrong number of arguments"),
        ("timeout 5 # x", "wrong number of arguments"),
        ("timeout 2147483648", "argument must be between 0 and 2147483647 inclusive"),
        ("maxclients 0", "argument must be between 1 and 4294967295 inclusive"),
        ("daemonize true", "argument must be 'yes' or 'no'"),
        ("loglevel loud", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"),
        ("supervised x", "argument(s) must be one of the following: upstart, systemd, auto, no"),
        ("tls-auth-clients x", "argument(s) must be one of the following: no, yes, optional"),
        ("unixsocketperm 888", "argument couldn't be parsed as an octal number"),
        ("unixsocketperm 7777", "argument must be between 0 and 777 inclusive"),
        ("client-query-buffer-limit 1", "argument must be between 1048576 and 9223372036854775807 inclusive"),
        ("client-query-buffer-limit kb", "argument must be between 1048576 and 9223372036854775807 inclusive"),
        (
            "client-query-buffer-limit 99999999999999999999gb",
            "argument must be between 1048576 and 9223372036854775807 inclusive"
        ),
        ("proto-max-bulk-len 1tb", "argument must be a memory value"),
        ("maxmemory-clients x", "argument must be a memory or percent value"),
        ("maxmemory-clients 101%", "percentage argument must be less or equal to 100"),
        ("client-output-buffer-limit normal 0 0", "Wrong number of arguments in buffer limit configuration."),
        ("client-output-buffer-limit foo 0 0 0", "Invalid client class specified in buffer limit configuration."),
        (
            "client-output-buffer-limit replica x 1 60",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration."
        ),
        ("proc-title-template {foo}", "template format is invalid or contains unknown variables"),
        ("bind a b c d e f g h i j k l m n o p q", "Too many bind addresses specified."),
        ("dir /nope", "No such file or directory"),
        ("user", "Bad directive or wrong number of arguments"),
        ("user a foo", "Error in user declaration 'a': Syntax error"),
        (
            "user a on\nuser a off",
            "Error in user declaration 'a': Duplicate user found. A user can only be defined once in config files"
        ),
        ("rename-command CONFIG \"\"", "No such command in rename-command"),
        ("rename-command PING INFO", "Target command name already exists"),
        ("rename-command PING \"\"\nrename-command ping x", "No such command in rename-command"),
        ("rename-command PING x\nrename-command INFO X", "Target command name already exists"),
        ("rename-command client|id x", "No such command in rename-command"),
        ("rename-command PING", "Bad directive or wrong number of arguments"),
        ("nonsense x", "Bad directive or wrong number of arguments"),
        ("locale-collate", "wrong number of arguments"),
        ("list-max-ziplist-value 3 4", "Bad directive or wrong number of arguments"),
        ("loadmodule", "Bad directive or wrong number of arguments"),
        ("include", "Bad directive or wrong number of arguments"),
        ("a.b", "Module config specified without value"),
        ("save 0 1", "Invalid save parameters"),
        ("replicaof a b", "Invalid master port"),
        ("appendfilename a/b", "appendfilename can't be a path, just a filename"),
        ("appenddirname \"\"", "appenddirname can't be empty"),
        ("notify-keyspace-events z!", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        ("latency-tracking-info-percentiles x", "Invalid latency-tracking-info-percentiles parameters"),
        ("sentinel bogus m", "Unrecognized sentinel configuration statement."),
        ("sentinel quorum m 2", "Unrecognized sentinel configuration statement."),
        ("sentinel monitor m 127.0.0.1 6379", "Unrecognized sentinel configuration statement."),
        ("sentinel announce-ip a b", "Unrecognized sentinel configuration statement."),
        ("sentinel monitor m 127.0.0.1 6379 0", "Quorum must be 1 or greater."),
        ("sentinel monitor m 127.0.0.1 6379 two", "Quorum must be 1 or greater."),
        ("sentinel monitor m 127.0.0.1 6379 2x", "Quorum must be 1 or greater."),
        ("sentinel monitor m nohost 70000 2", "Invalid port number."),
        ("sentinel monitor m 127.0.0.1 x 2", "Invalid port number."),
        ("sentinel monitor m nohost 1 2", "Can't resolve instance hostname."),
        ("sentinel monitor m \"\" 1 2", "Can't resolve instance hostname."),
        (
            "sentinel monitor \"a b\" 127.0.0.1 1 2",
            "Master names must not be empty or contain white space, control characters, commas or quotes."
        ),
        (
            "sentinel monitor \"\" 127.0.0.1 1 2",
            "Master names must not be empty or contain white space, control characters, commas or quotes."
        ),
        (
            "sentinel monitor \"\\xff\" 127.0.0.1 1 2",
            "Master names must not be empty or contain white space, control characters, commas or quotes."
        ),
        ("sentinel down-after-milliseconds z 5", "No such master with specified name."),
        ("sentinel myid abc", "Malformed Sentinel id in myid option."),
        ("sentinel current-epoch x", "argument couldn't be parsed into an integer"),
        ("sentinel announce-port 70000", "Invalid port number."),
        ("sentinel deny-scripts-reconfig x", "Please specify yes or no for the deny-scripts-reconfig options."),
        ("sentinel resolve-hostnames x", "Please specify yes or no for the resolve-hostnames option."),
        ("sentinel announce-hostnames x", "Please specify yes or no for the announce-hostnames option."),
    ])
    func `are refused with line and reason`(file: String, reason: String) {
        let lines = file.split(separator: "\n")
        let expected = """

            *** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***
            Reading the configuration file, at line \(lines.count + 1)
            >>> '\(lines.last.map { $0.hasPrefix("user a ") ? "user a ******" : String($0) } ?? "")'
            \(reason)

            """
        #expect(complaint("# one\n" + file + "\n") == expected)
    }

    @Test(arguments: [
        ("sentinel monitor m 127.0.0.1 6380 1", "Duplicate master name."),
        ("sentinel down-after-milliseconds m 0", "negative or zero time parameter."),
        ("sentinel down-after-milliseconds m 5x", "negative or zero time parameter."),
        ("sentinel failover-timeout m 99999999999999999999", "negative or zero time parameter."),
        ("sentinel parallel-syncs m x", "argument couldn't be parsed into an integer"),
        ("sentinel notification-script m /nope", "Notification script seems non existing or non executable."),
        (
            "sentinel client-reconfig-script m /nope",
            "Client reconfiguration script seems non existing or non executable."
        ),
        ("sentinel rename-command m A c", "Same command renamed multiple times with rename-command."),
        ("sentinel master-reboot-down-after-period m -1", "negative time parameter."),
        ("sentinel config-epoch m -1", "argument couldn't be parsed into an integer"),
        ("sentinel known-replica m host.invalid 1", "Can't resolve instance hostname."),
        ("sentinel known-replica m 127.0.0.1 -1", "Invalid port number."),
        (
            "sentinel known-sentinel m 127.0.0.1 2 0123456789012345678901234567890123456789",
            "Duplicate runid for sentinel."
        ),
        ("sentinel known-replica m", "Unrecognized sentinel configuration statement."),
    ])
    func `about a master are refused with line and reason`(line: String, reason: String) {
        let before = """
            sentinel monitor m 127.0.0.1 6379 1
            sentinel rename-command m a b
            sentinel known-sentinel m 127.0.0.1 1 0123456789012345678901234567890123456789

            """
        let expected = "Reading the configuration file, at line 4\n>>> '\(line)'\n\(reason)\n"
        #expect(complaint(before + line).hasSuffix(expected))
    }

    /// - Source: issue 4, torn state: what a power failure leaves of a file that was never flushed.
    @Test(arguments: ["\0\0\0", "port 1\u{0}", "sentinel current-epoch 1\0\0", "# a\0"])
    func `with zero bytes are damaged`(line: String) {
        let shown = line.replacing("\0", with: "\\x00")
        #expect(
            complaint("port 1\n\(line)").hasSuffix(
                "at line 2\n>>> '\(shown)'\nThere are zero bytes in this line: the file is damaged.\n"))
    }

    @Test func `options count on after the file`() {
        #expect(complaint("# c\n\n", options: ["timeout \"1\"", "port \"x\""]).contains("at line 5\n>>> 'port \"x\"'"))
        #expect(complaint("port 5", options: ["zz"]).contains("at line 2\n"))
    }

    @Test func `standard input goes on in the line where the file ends`() {
        for file in ["# c\n", "# c"] {
            do {
                _ = try Configuration.read(
                    ConfigurationSources(
                        file: SourceFile(name: "/f", text: bytes(file)), standardInput: bytes("port 1\nport x"),
                        options: [bytes("port 2")]),
                    environment: TestEnvironment())
                Issue.record("accepted")
            } catch { #expect(error.location?.line == 3) }
        }
    }

    @Test func `an included file is named and has lines of its own`() {
        let environment = TestEnvironment(included: ["/etc/x": "port 2\n  port  abc  \n"])
        let expected = """

            *** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***
            In the included file '/etc/x'
            Reading the configuration file, at line 2
            >>> 'port  abc'
            argument couldn't be parsed into an integer

            """
        #expect(complaint("# c\n\ninclude /etc/x\n", environment: environment) == expected)
        #expect(
            complaint("include /etc/y\n") == "Fatal error, can't open config file '/etc/y': No such file or directory\n"
        )
        #expect(complaint("include /etc/*.conf\n") == "")
    }

    @Test func `a file that includes itself is refused`() {
        let environment = TestEnvironment(included: ["/etc/x": "include /etc/x"])
        #expect(complaint("include /etc/x", environment: environment).contains("Too many nested includes"))
    }

    @Test func `users and an ACL file exclude each other`() {
        #expect(complaint("aclfile /x\nuser a on").hasPrefix("Configuring Redis with users defined in redis.conf"))
    }

    @Test(arguments: [
        "requirepass hunter2 x", "requirepass \"hunter2", "\"requirepass\" hunter2 x", "REQUIREPASS hunter2\thunter2 x",
        "sentinel auth-pass m hunter2", "sentinel auth-pass hunter2", "sentinel auth-pass \"m hunter2",
        "SENTINEL Sentinel-Pass hunter2 x",
        "tls-key-file-pass hunter2 x", "tls-client-key-file-pass 'hunter2' x", "masterauth hunter2 x",
        "primaryauth hunter2 x",
        "user a on foo >hunter2", "user a \">hunter2",
    ])
    func `never show a password`(line: String) {
        do {
            _ = try read(line)
            Issue.record("accepted")
        } catch {
            #expect(!"\(error)".contains("hunter2"))
            #expect(!text(error.report(version: "Redis 7.0.15")).contains("hunter2"))
            #expect(text(error.text).contains("******"))
        }
    }
}
