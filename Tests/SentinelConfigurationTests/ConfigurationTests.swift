// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore
import Testing

@Suite struct `Good files` {
    @Test(arguments: [
        "", "TIMEOUT 3", "port \"6379\"", "loglevel NOTICE", "loglevel nothing", "daemonize YES", "unixsocketperm 0777",
        "unixsocketperm \"\"", "client-query-buffer-limit 10mB", "client-output-buffer-limit", "bind", "bind \"\"",
        "client-output-buffer-limit replica 1mb 1 60 pubsub 1 1 1", "proc-title-template {title}{{port}}",
        "rename-command PING foo", "rename-command PING foo\nrename-command foo bar",
        "rename-command PING ping", "rename-command PING a\nrename-command a b\nrename-command INFO a",
        "rename-command PING \"\"\nrename-command INFO ping", "loadmodule a b", "a.b c",
        "sentinel", "list-max-ziplist-entries 3", "lua-replicate-commands yes", "replicaof no one", "slaveof a 0",
        "maxmemory 1gb", "maxmemory-clients 10%", "oom-score-adj-values 1 2 3", "save \"\"", "save", "save 900 1",
        "shutdown-on-sigint save now", "latency-tracking-info-percentiles 50 99", "tls-protocols foo",
        "enable-protected-configs yes", "repl-diskless-sync-delay 0", "zset-max-ziplist-entries 3",
        "min-slaves-max-lag 3",
        "aof_rewrite_cpulist 1", "log-format logfmt", "SENTINEL resolve-hostnames NO \r", "# requirepass", "user a on",
        "user a on\nuser a on", "key-load-delay 3", "dbfilename \"\"", "bind \"127.0.0.1 ::1\"",
        "save \"900 1 300 10\"", "client-output-buffer-limit \"normal 0 0 0\"", "replicaof \"no one\"",
        "set-max-listpack-entries 128",
        "unixsocketgroup redis", "commandlog-reply-larger-than -1", "server-cpulist 0-7:2", "primaryauth x",
    ])
    func `are accepted`(file: String) {
        #expect(complaint(file) == "")
    }

    @Test func `set the server`() throws {
        let server = try read(
            """
            port 1
            port 26380
            bind 10.0.0.1 -::1
            protected-mode YES
            unixsocket "/tmp/a b"
            unixsocketperm 700
            loglevel Debug
            supervised systemd
            requirepass "p w"
            user alice on >x ~*
            client-output-buffer-limit slave 1kb 1k 1
            client-query-buffer-limit 2mb
            tls-port 6380
            tls-auth-clients optional
            tls-key-file-pass k
            rename-command PING ""
            """
        ).server
        var expected = ServerSettings()
        expected.port = 26380
        expected.bindAddresses = [BindAddress(host: "10.0.0.1"), BindAddress(host: "::1", isOptional: true)]
        expected.isProtected = true
        expected.unixSocket = "/tmp/a b"
        expected.unixSocketPermissions = 0o700
        expected.logLevel = .debug
        expected.supervision = .systemd
        expected.requirePassword = Secret("p w")
        expected.users = [UserDeclaration(name: bytes("alice"), rules: [Secret("on"), Secret(">x"), Secret("~*")])]
        expected.replicaLimit.hardBytes = 1024
        expected.replicaLimit.softBytes = 1000
        expected.replicaLimit.softSeconds = 1
        expected.clientQueryBufferLimit = 2 << 20
        expected.tls.port = 6380
        expected.tls.clientAuthentication = .optional
        expected.tls.keyPassword = Secret("k")
        expected.renamedCommands = [RenamedCommand(command: "PING", name: "")]
        #expect(server == expected)
    }

    @Test func `set the sentinel, whatever the order of the lines`() throws {
        let id = String(repeating: "a", count: 40)
        let lines = [
            "sentinel monitor m redis.local 6379 2", "sentinel down-after-milliseconds m 0500",
            "SENTINEL Failover-Timeout m 60000", "sentinel parallel-syncs m 0", "sentinel auth-pass m \"p \\xff\"",
            "sentinel auth-user m u", "sentinel notification-script m /n.sh", "sentinel client-reconfig-script m /r.sh",
            "sentinel primary-reboot-down-after-period m 7", "sentinel config-epoch m 9", "sentinel leader-epoch m 8",
            "sentinel known-slave m 10.0.0.1 6380", "sentinel known-sentinel m 10.0.0.2 26379 \(id)",
            "sentinel rename-command m CONFIG guessme", "sentinel myid \(id)", "sentinel current-epoch 3",
            "sentinel announce-ip 1.2.3.4", "sentinel announce-port 5", "sentinel sentinel-user s",
            "sentinel sentinel-pass t", "sentinel deny-scripts-reconfig no", "sentinel resolve-hostnames yes",
            "sentinel announce-hostnames yes",
        ]
        var master = MasterSettings(
            name: MasterName("m"), address: Endpoint(host: "redis.local", port: 6379), quorum: 2)
        master.downAfter = .milliseconds(500)
        master.failoverTimeout = .seconds(60)
        master.parallelSyncs = 0
        master.authPassword = Secret(bytes("p ") + [0xFF])
        master.authUser = "u"
        master.notificationScript = "/n.sh"
        master.clientReconfigScript = "/r.sh"
        master.masterRebootDownAfter = .milliseconds(7)
        master.configEpoch = Epoch(9)
        master.leaderEpoch = Epoch(8)
        master.knownReplicas = [Endpoint(host: "10.0.0.1", port: 6380)]
        let runID = try #require(RunID(id))
        master.knownSentinels = [KnownSentinel(address: Endpoint(host: "10.0.0.2", port: 26379), runID: runID)]
        master.renamedCommands = [RenamedCommand(command: "CONFIG", name: "guessme")]
        var expected = Settings()
        expected.myID = runID
        expected.currentEpoch = Epoch(9)
        expected.announceHost = "1.2.3.4"
        expected.announcePort = 5
        expected.sentinelUser = "s"
        expected.sentinelPassword = Secret("t")
        expected.deniesScriptReconfiguration = false
        expected.resolvesHostnames = true
        expected.announcesHostnames = true
        expected.masters = [master]

        var generator = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let file = lines.shuffled(using: &generator).joined(separator: "\n")
            #expect(try read(file).sentinel == expected)
        }
    }

    @Test func `empty values mean unset`() throws {
        let file = """
            sentinel monitor m 127.0.0.1 1 1
            sentinel announce-ip ""
            sentinel sentinel-user ""
            sentinel sentinel-pass ""
            sentinel auth-pass m ''
            sentinel auth-user m ''
            """
        let settings = try read(file).sentinel
        #expect(settings.announceHost == nil && settings.sentinelUser == nil && settings.sentinelPassword == nil)
        #expect(settings.masters[0].authPassword == nil && settings.masters[0].authUser == nil)
    }
}

@Suite struct `Doubled lines` {
    static let runID = String(repeating: "b", count: 40)

    @Test(arguments: [
        "sentinel monitor m 127.0.0.1 1 1", "sentinel known-slave m 10.0.0.1 2",
        "sentinel known-sentinel m 10.0.0.1 3 \(runID)", "sentinel rename-command m a b",
    ])
    func `are tolerated with a warning when they say the same`(line: String) throws {
        let file = """
            sentinel monitor m 127.0.0.1 1 1
            sentinel known-replica m 10.0.0.1 2
            sentinel known-sentinel m 10.0.0.1 3 \(Self.runID)
            sentinel rename-command m a b

            """
        let configuration = try read(file + line)
        #expect(configuration.sentinel == (try read(file).sentinel))
        #expect(configuration.warnings.count == 1)
        #expect(configuration.warnings.first?.location.line == 5)
    }

    @Test func `of an included file give way to the main file`() throws {
        let environment = TestEnvironment(included: [
            "/x": "sentinel monitor m 10.0.0.1 1 2\nsentinel known-sentinel m 10.0.0.9 3 \(Self.runID)"
        ])
        for file in ["include /x\nsentinel monitor m 10.0.0.2 1 2", "sentinel monitor m 10.0.0.2 1 2\ninclude /x"] {
            let configuration = try read(file, environment: environment)
            #expect(configuration.sentinel.masters.map(\.address.host) == ["10.0.0.2"])
            #expect(configuration.warnings.count == 1)
        }
    }

    @Test func `a known-sentinel without a usable identity is left out`() throws {
        let configuration = try read(
            """
            sentinel monitor m 127.0.0.1 1 1
            sentinel known-sentinel m 10.0.0.1 2
            sentinel known-sentinel m 10.0.0.1 2 x
            """
        )
        #expect(configuration.sentinel.masters[0].knownSentinels.isEmpty)
        #expect(configuration.warnings.map(\.cause) == [.sentinelWithoutRunID, .sentinelWithoutRunID])
    }
}

@Suite struct `A quorum` {
    @Test(arguments: [("1", 1), ("2147483647", 0x7FFF_FFFF), ("4294967297", 0x7FFF_FFFF)])
    func `has no more than 32 bits`(text: String, expected: Int) throws {
        #expect(try read("sentinel monitor m 127.0.0.1 6379 \(text)").sentinel.masters[0].quorum == expected)
    }
}

@Suite struct `requirepass` {
    @Test(arguments: [
        "user default on nopass ~* &* +@all", "user default on nopass sanitize-payload ~* &* +@all",
        "user default on #ab ~* &* +@all",
    ])
    func `wins over a generated default user`(line: String) throws {
        for file in ["requirepass p\n\(line)", "\(line)\nrequirepass p"] {
            let configuration = try read(file)
            #expect(configuration.server.users.isEmpty)
            #expect(configuration.warnings.map(\.cause) == [.defaultUserOverridden])
            #expect(!text(Rewriter.rewrite(old: bytes(file), configuration: configuration)).contains("user default"))
        }
        #expect(try read(line).server.users.count == 1)
    }

    @Test(arguments: [
        "user default off", "user default on >a ~x* &* +@all", "user default on >a >b ~* &* +@all",
        "user default reset on >a ~* &* +@all", "user default reset on nopass sanitize-payload ~* &* +@all",
    ])
    func `leaves a default user that an operator limited`(line: String) throws {
        let configuration = try read("requirepass p\n\(line)")
        #expect(configuration.server.users.count == 1)
        #expect(configuration.warnings.map(\.cause) == [.requirePasswordIgnored])
    }
}
