// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// How a sentinel gets along with what it was started in.
@Suite(.serialized, .ownThread) struct `Odd circumstances` {
    private static let lines = ["port PORT", "bind 127.0.0.1", "dir DIR"]

    @Test(.timeLimit(.minutes(1)))
    func `a standard output that can't be written to is no reason to end`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(lines: Self.lines + ["logfile DIR/sentinel.log"], before: "exec </dev/null >&0 2>&0"))
            try life.awaitStart()
            #expect(try life.ask("PING") == .simple("PONG"))
            for descriptor in [1, 2] {
                let flags = life.kernel("fdinfo/\(descriptor)").split(separator: "\n").first { $0.hasPrefix("flags:") }
                #expect(flags?.last.map { $0 == "2" } == true, "open for writing as well: \(flags ?? "none")")
            }
            #expect(try life.terminate() == 0)
        }
    }

    /// As with `SupplementaryGroups=` of systemd: the file is another user's, and one of our groups may write to it; or
    /// none, and everybody may.
    @Test(.timeLimit(.minutes(1)), arguments: [("4321", 0o660, 0o660, 4321), ("4444", 0o676, 0o666, 1234)])
    func `a file keeps its group where that is allowed, and no other group gets its rights`(
        groups: String, before: Int, mode: Int, group: Int
    ) throws {
        try #require(getuid() == 0, "the tests run as root")
        try withTemporaryDirectory { directory in
            chmod(directory, 0o755)
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: Self.lines + ["requirepass secret"],
                    before: """
                        chmod 777 .
                        chown 0:4321 sentinel.conf
                        chmod \(String(before, radix: 8)) sentinel.conf
                        """,
                    wrapper: "setpriv --reuid 1234 --regid 1234 --groups \(groups)"))
            try life.awaitStart()
            let attributes = try FileManager.default.attributesOfItem(atPath: life.directory + "/sentinel.conf")
            #expect(attributes[.posixPermissions] as? Int == mode)
            #expect(attributes[.groupOwnerAccountID] as? Int == group)
            #expect(attributes[.ownerAccountID] as? Int == 1234)
            #expect(try life.terminate() == 0)
        }
    }

    #if os(Linux)
        /// 5 anybody may ask for; what is below 0 only root, as a service manager with `Nice=`.
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases, [5, -5])
        func `scripts are as nice as the sentinel`(program: SentinelProgram, niceness: Int) throws {
            try #require(getuid() == 0, "the tests run as root")
            try withTemporaryDirectory { directory in
                let life = try Life(
                    program, in: directory,
                    Circumstances(
                        lines: Self.lines + [
                            "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 1",
                            "sentinel notification-script m DIR/script",
                        ],
                        before: """
                            printf '#!/bin/sh\\nnice >DIR/scratch && mv DIR/scratch DIR/niceness\\n' >DIR/script
                            chmod 755 DIR/script
                            """,
                        wrapper: "nice -n \(niceness)"))
                defer { life.process.end() }
                let found = try eventually("the script runs", within: .seconds(10)) {
                    try String(contentsOfFile: life.directory + "/niceness", encoding: .utf8)
                } until: {
                    !$0.isEmpty
                }
                let own = life.stat(18)
                #expect(own != "0")
                #expect(found == own + "\n")
            }
        }

        /// As where its file is on a disk that hangs.
        @Test(.timeLimit(.minutes(1)))
        func `a script that takes long to begin holds up nothing`() throws {
            try withTemporaryDirectory { directory in
                let life = try Life(
                    .ours, in: directory,
                    Circumstances(
                        lines: Self.lines + [
                            "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 1",
                            "sentinel deny-scripts-reconfig no",
                        ],
                        environment: ["LD_PRELOAD": "DIR/slow.so"],
                        before: """
                            cat >slow.c <<'END'
                            #include <signal.h>
                            #include <sys/prctl.h>
                            #include <unistd.h>
                            int posix_spawn() {
                                if (fork() == 0) { prctl(PR_SET_PDEATHSIG, SIGKILL); sleep(20); _exit(0); }
                                sleep(30);
                                return 12;
                            }
                            END
                            clang -shared -fPIC -o slow.so slow.c
                            """))
                defer { life.process.end() }
                try life.awaitStart()
                let client = try RedisClient(port: life.port)
                #expect(try client.request("SENTINEL", "SET", "m", "notification-script", "/bin/true") == .simple("OK"))
                #expect(try client.request("SENTINEL", "SET", "m", "quorum", "2") == .simple("OK"))
                try eventually("the script is being started", within: .seconds(10)) {
                    try life.ask("SENTINEL", "PENDING-SCRIPTS").items.contains { "\($0)".contains("running") }
                }
                for _ in 0..<10 { #expect(try life.ask("PING") == .simple("PONG")) }
                // Others hear of the end of what they have here, though the child that is to be holds on to it.
                #expect(try client.request("QUIT") == .simple("OK"))
                #expect(client.isClosedByPeer(within: .seconds(8)))
                #expect(try life.terminate() == 0)
            }
        }
    #endif

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `clients of a Unix socket have its path for an address`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(program, in: directory, Circumstances(lines: Self.lines + ["unixsocket DIR/socket"]))
            try life.awaitStart()
            let path = life.directory + "/socket"
            let info = try run("redis-cli", ["-s", path, "CLIENT", "INFO"]).output
            #expect(info.contains(" addr=\(path):0 laddr=\(path):0 "), "\(info)")
            #expect(info.contains(" flags=U "), "\(info)")
            #expect(try life.terminate() == 0)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `users that can't be saved are told of in the log`() throws {
        try withTemporaryDirectory { directory in
            let users = directory + "/gone/users.acl"
            try FileManager.default.createDirectory(atPath: directory + "/gone", withIntermediateDirectories: false)
            try "user default on nopass ~* &* +@all\n".write(toFile: users, atomically: false, encoding: .utf8)
            let life = try Life(.ours, in: directory, Circumstances(lines: Self.lines + ["aclfile \(users)"]))
            try life.awaitStart()
            let client = try RedisClient(port: life.port)
            #expect(try client.pipeline([["ACL", "SAVE"], ["PING"]]) == [.simple("OK"), .simple("PONG")])
            try FileManager.default.removeItem(atPath: users)
            #expect(try client.request("ACL", "SAVE") == .simple("OK"))
            let mode = try FileManager.default.attributesOfItem(atPath: users)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            try FileManager.default.removeItem(atPath: directory + "/gone")
            let error = Reply.error(
                "ERR There was an error trying to save the ACLs. Please check the server logs for more information")
            #expect(try client.pipeline([["ACL", "SAVE"], ["PING"]]) == [error, .simple("PONG")])
            // Many share few writes, a load waits for them, and the end does too.
            try FileManager.default.createDirectory(atPath: directory + "/gone", withIntermediateDirectories: false)
            let requests = (0..<200).flatMap { [["ACL", "SETUSER", "u\($0)"], ["ACL", "SAVE"]] }
            let replies = try client.pipeline(requests + [["ACL", "LOAD"]])
            #expect(replies.allSatisfy { $0 == .simple("OK") })
            #expect(try client.request("ACL", "USERS").items.count == 201)
            let last = [["CLIENT", "REPLY", "OFF"], ["ACL", "SETUSER", "last"], ["ACL", "SAVE"], ["SHUTDOWN"]]
            try client.send(last.flatMap { RedisClient.encode($0) })
            #expect(try life.process.waitForExit(within: .seconds(10)) == 0)
            let saved = try String(contentsOfFile: users, encoding: .utf8)
            #expect(saved.contains("user last "))
            let entries = try FileManager.default.contentsOfDirectory(atPath: directory + "/gone")
            #expect(entries == ["users.acl"])
            #expect(life.texts.contains("The users could not be saved in '\(users)': open: No such file or directory"))
        }
    }
}
