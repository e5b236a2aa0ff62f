// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What becomes of connections when their users change.
///
/// - Source: spec/commands.md 4.6; redis-sentinel 7.0.15, ACL LOAD, DELUSER and SETUSER on standing connections.
@Suite(.serialized, .ownThread) struct `Connections of users that change` {
    private static let lines = [
        "user default on nopass ~* &* +@all", "user bob on >a ~* &* +@all", "user carol on >a ~* &* +@all",
        "user dave on >a ~* &* +@all", "user erin on >a ~* &* +@all",
    ]

    /// Runs `body` with a sentinel whose users stand in a file; `write` replaces its lines.
    private func withUsersInFile(
        _ program: SentinelProgram = .ours, _ body: (SentinelServer, _ write: ([String]) throws -> Void) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/users.acl"
            func write(_ lines: [String]) throws {
                try lines.map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
            }
            try write(Self.lines)
            try withSentinel(program, ["aclfile \(path)"]) { try body($0, write) }
        }
    }

    private func login(_ sentinel: SentinelServer, _ name: String) throws -> RedisClient {
        let client = try RedisClient(port: sentinel.port)
        try #require(try client.request("AUTH", name, "a") == .simple("OK"))
        return client
    }

    /// Lines in which bob has another password, dave is off and erin is missing; carol's says the same in another way.
    private static let changed = [
        "user default on nopass ~* &* +@all -publish", "user bob on >b ~* &* +@all",
        "user carol >a allkeys &* +@all on",
        "user dave off >a ~* &* +@all",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `end with ACL LOAD, if it changes the user`(program: SentinelProgram) throws {
        try withUsersInFile(program) { sentinel, write in
            let ended = try ["bob", "dave", "erin"].map { try login(sentinel, $0) }
            let other = try RedisClient(port: sentinel.port)
            #expect(try other.request("PING") == .simple("PONG"))
            try write(Self.changed)
            #expect(try sentinel.ask("ACL", "LOAD") == .simple("OK"))
            for client in ended { #expect(client.isClosedByPeer(within: .seconds(3))) }
            // The default user is let off, whatever is new about it.
            #expect(try other.request("ACL", "WHOAMI") == .bulk("default"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `stay where ACL LOAD leaves the user as it was`() throws {
        try withUsersInFile { sentinel, write in
            let carol = try login(sentinel, "carol")
            try write(Self.changed)
            #expect(try sentinel.ask("ACL", "LOAD") == .simple("OK"))
            #expect(try carol.request("ACL", "WHOAMI") == .bulk("carol"))
            #expect(try carol.request("ACL", "SAVE") == .simple("OK"))
            #expect(try carol.request("ACL", "LOAD") == .simple("OK"))
            #expect(try carol.request("ACL", "WHOAMI") == .bulk("carol"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `stay when a file that is no good is refused`() throws {
        try withUsersInFile { sentinel, write in
            let bob = try login(sentinel, "bob")
            try write(Self.changed + ["user frank nosuch"])
            guard case .error = try sentinel.ask("ACL", "LOAD") else {
                Issue.record("taken")
                return
            }
            #expect(try bob.request("ACL", "WHOAMI") == .bulk("bob"))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `end behind the answer, if they changed the user themselves`(program: SentinelProgram) throws {
        try withUsersInFile(program) { sentinel, write in
            let dave = try login(sentinel, "dave")
            try dave.send(RedisClient.encode(["ACL", "DELUSER", "dave"]) + RedisClient.encode(["PING"]))
            #expect(try dave.readReply() == .integer(1))
            #expect(dave.isClosedByPeer(within: .seconds(3)))
            for name in ["bob", "erin"] {
                let client = try login(sentinel, name)
                try write(Self.changed)
                try client.send(RedisClient.encode(["ACL", "LOAD"]) + RedisClient.encode(["PING"]))
                #expect(try client.readReply() == .simple("OK"))
                #expect(client.isClosedByPeer(within: .seconds(3)))
                try write(Self.lines)
                #expect(try sentinel.ask("ACL", "LOAD") == .simple("OK"))
            }
        }
    }

    /// The file that is being written has bob as he was before; nothing that he sent behind it is obeyed.
    @Test(.timeLimit(.minutes(1)))
    func `end behind the answer that had to wait`() throws {
        try withUsersInFile { sentinel, _ in
            let bob = try login(sentinel, "bob")
            let commands = [
                ["CLIENT", "REPLY", "SKIP"], ["ACL", "SAVE"], ["ACL", "SETUSER", "bob", ">c"], ["ACL", "LOAD"],
                ["ACL", "SETUSER", "frank"],
            ]
            try bob.send(commands.flatMap { RedisClient.encode($0) })
            #expect(try bob.readReply() == .simple("OK"))
            #expect(try bob.readReply() == .simple("OK"))
            #expect(bob.isClosedByPeer(within: .seconds(3)))
            #expect(try sentinel.ask("ACL", "USERS").items.count == Self.lines.count)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["OFF", "SKIP"])
    func `end without an answer, if they want none`(replies: String) throws {
        try withSentinel { sentinel in
            #expect(try sentinel.ask("ACL", "SETUSER", "bob", "on", ">a", "+@all", "&*") == .simple("OK"))
            let bob = try login(sentinel, "bob")
            let commands = [["CLIENT", "REPLY", replies], ["ACL", "DELUSER", "bob"], ["PING"]]
            try bob.send(commands.flatMap { RedisClient.encode($0) })
            #expect(bob.isClosedByPeer(within: .seconds(3)))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `end behind the answer of a subscriber that takes its own channels away`() throws {
        try withSentinel { sentinel in
            #expect(try sentinel.ask("ACL", "SETUSER", "bob", "on", ">a", "+@all", "&*") == .simple("OK"))
            let bob = try login(sentinel, "bob")
            _ = try bob.request("HELLO", "3")
            #expect(try bob.request("SUBSCRIBE", "news") == .push([.bulk("subscribe"), .bulk("news"), .integer(1)]))
            #expect(try bob.request("ACL", "SETUSER", "bob", "resetchannels") == .simple("OK"))
            #expect(bob.isClosedByPeer(within: .seconds(3)))
        }
    }
}

#if os(Linux)
    extension RealServers {
        @Suite struct `Changes of users` {
            /// The words of all users are made for the file they are saved in, beside the loop, and not at each change.
            @Test(.timeLimit(.minutes(1)))
            func `cost the loop no more where there are many users`() throws {
                let few = try loopNanoseconds(users: 50)
                let many = try loopNanoseconds(users: 1600)
                print("100 changes cost the loop \(few / 1000) us among 50 users, \(many / 1000) us among 1,600")
                #expect(many < few * 8)
            }

            /// The processor's time that the main queue takes for a hundred changes.
            private func loopNanoseconds(users count: Int) throws -> Int {
                let lines = (0..<count).map { "user user\($0) on >p ~* &* +@all -@dangerous" }
                return try withSentinel(.ours, lines) { sentinel in
                    let pid = try #require(sentinel.process.pid)
                    func now() throws -> Int {
                        let text = try String(contentsOfFile: "/proc/\(pid)/schedstat", encoding: .utf8)
                        return try #require(text.split(separator: " ").first.flatMap { Int($0) })
                    }
                    let client = try RedisClient(port: sentinel.port)
                    let before = try now()
                    for number in 0..<100 {
                        #expect(
                            try client.request("ACL", "SETUSER", "user\(number % 50)", "on", "-ping") == .simple("OK"))
                    }
                    return try now() - before
                }
            }
        }
    }
#endif
