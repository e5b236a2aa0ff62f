// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What ACL SETUSER and DELUSER changed is so after the next start, whatever else the configuration says.
@Suite(.serialized, .ownThread) struct `Users over a restart` {
    private func login(_ sentinel: SentinelServer, _ words: String...) throws -> Reply {
        try RedisClient(port: sentinel.port).request(["AUTH"] + words)
    }

    private static let wrong = Reply.error("WRONGPASS invalid username-password pair or user is disabled.")
    private static let refused = Reply.error("NOAUTH Authentication required.")

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a new password of the default user wins over requirepass`(program: SentinelProgram) throws {
        try withSentinel(program, ["requirepass old"]) { sentinel throws in
            sentinel.password = "old"
            #expect(try sentinel.ask("ACL", "SETUSER", "default", "resetpass", ">new") == .simple("OK"))
            #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
            for _ in 0..<2 {
                try sentinel.restart()
                #expect(try login(sentinel, "new") == .simple("OK"))
                #expect(try login(sentinel, "old") == Self.wrong)
                sentinel.password = "new"
                #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
            }
            #expect(!sentinel.configurationText.contains("new"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `no password of the default user wins over requirepass`() throws {
        try withSentinel(.ours, ["requirepass old"]) { sentinel throws in
            sentinel.password = "old"
            #expect(try sentinel.ask("ACL", "SETUSER", "default", "nopass") == .simple("OK"))
            #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
            try sentinel.restart()
            #expect(try RedisClient(port: sentinel.port).request("ACL", "WHOAMI") == .bulk("default"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a line of an included file that requirepass wins over stays without effect`() throws {
        try withTemporaryDirectory { directory in
            let included = directory + "/users.conf"
            try "user default on nopass ~* &* +@all\n".write(toFile: included, atomically: false, encoding: .utf8)
            try withSentinel(.ours, ["include \(included)", "requirepass old"]) { sentinel throws in
                sentinel.password = "old"
                #expect(try sentinel.ask("ACL", "SETUSER", "bob") == .simple("OK"))
                #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
                #expect(sentinel.configurationText.contains("user bob "))
                #expect(!sentinel.configurationText.contains("user default"))
                for _ in 0..<2 {
                    try sentinel.restart()
                    #expect(try RedisClient(port: sentinel.port).request("ACL", "WHOAMI") == Self.refused)
                    #expect(try login(sentinel, "new") == Self.wrong)
                    #expect(try login(sentinel, "old") == .simple("OK"))
                    #expect(try sentinel.ask("ACL", "USERS") == .array([.bulk("bob"), .bulk("default")]))
                    #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `users of an included file stay as they were left`() throws {
        try withTemporaryDirectory { directory in
            let included = directory + "/users.conf"
            try "user bob on >x ~* +@all\nuser carol on >x ~* +@all\nuser default on >y +@all ~* -acl|users\n"
                .write(toFile: included, atomically: false, encoding: .utf8)
            try withSentinel(.ours, ["include \(included)"]) { sentinel in
                sentinel.password = "y"
                #expect(try sentinel.ask("ACL", "DELUSER", "bob") == .integer(1))
                #expect(try sentinel.ask("ACL", "SETUSER", "carol", "resetpass", ">z") == .simple("OK"))
                #expect(
                    try sentinel.ask("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")
                        == .simple("OK"))
                #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
                sentinel.password = nil
                for _ in 0..<2 {
                    try sentinel.restart()
                    #expect(try login(sentinel, "bob", "x") == Self.wrong)
                    #expect(try login(sentinel, "carol", "x") == Self.wrong)
                    #expect(try login(sentinel, "carol", "z") == .simple("OK"))
                    #expect(try RedisClient(port: sentinel.port).request("ACL", "WHOAMI") == .bulk("default"))
                    #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
                }
            }
        }
    }
}
