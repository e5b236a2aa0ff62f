// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Requests that are in order and cost much more than they look, or come at a bad moment.
@Suite(.serialized, .ownThread) struct `A greedy client` {
    /// With a look at all others for each name, ten seconds went by.
    @Test(.timeLimit(.minutes(1)), arguments: [("SUBSCRIBE", "UNSUBSCRIBE"), ("PSUBSCRIBE", "PUNSUBSCRIBE")])
    func `that listens to forty thousand things holds up nobody`(command: String, opposite: String) throws {
        try withSentinel(.ours, ["client-output-buffer-limit pubsub 0 0 0"]) { sentinel in
            let names = (0..<40_000).map { "name-\($0)" }
            let greedy = try RedisClient(port: sentinel.port)
            try greedy.send(RedisClient.encode([command] + names), within: .seconds(20))
            let other = try RedisClient(port: sentinel.port)
            #expect(try other.request(["PING"], within: .seconds(15)) == .simple("PONG"))
            for _ in names { _ = try greedy.readReply(within: .seconds(20)) }
            try greedy.send(command: [opposite, "name-7", "name-39999"])
            let left = try (0..<2).map { _ in try greedy.readReply(within: .seconds(20)).items.last }
            #expect(left == [.integer(39_999), .integer(39_998)])
            try greedy.send(command: ["QUIT"])
            #expect(try greedy.readReply(within: .seconds(20)) == .simple("OK"))
            #expect(greedy.isClosedByPeer(within: .seconds(20)))
            #expect(try other.request("PING") == .simple("PONG"))
            let info = try other.request("INFO", "stats").text ?? ""
            #expect(info.contains("pubsub_channels:0\r\npubsub_patterns:0\r\n"))
        }
    }

    #if os(Linux)
        /// It finds all of them at once after standing still; the other's request comes behind them.
        @Test(.timeLimit(.minutes(1)))
        func `that asks for much at once lets others go first`() throws {
            try withSentinel(.ours) { sentinel in
                let requests = 3000
                let greedy = try RedisClient(port: sentinel.port)
                let other = try RedisClient(port: sentinel.port)
                for client in [greedy, other] { #expect(try client.request("PING") == .simple("PONG")) }
                sentinel.process.stop()
                try greedy.send(Array(String(repeating: "INFO\r\n", count: requests).utf8))
                try other.send(command: ["INFO", "stats"])
                sentinel.process.cont()
                let stats = try other.readReply(within: .seconds(20)).text ?? ""
                let count = try #require(
                    stats.split(separator: "\r\n").first { $0.hasPrefix("total_commands_processed:") })
                #expect(Int(count.drop { $0 != ":" }.dropFirst()) ?? requests < requests / 2)
                for _ in 0..<requests {
                    #expect(try greedy.readReply(within: .seconds(20)).text?.hasPrefix("# Server") == true)
                }
                #expect(try greedy.request("PING") == .simple("PONG"))
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `that has to wait is not read for ever`() throws {
            try withSentinel(.ours) { sentinel in
                let other = try RedisClient(port: sentinel.port)
                #expect(try other.request("CLIENT", "PAUSE", "60000", "ALL") == .simple("OK"))
                let before = try sentinel.residentKilobytes()
                let greedy = try RedisClient(port: sentinel.port)
                let pings = Array(String(repeating: "PING\r\n", count: 12 << 20).utf8)
                #expect(throws: (any Error).self, "more than 64 MB") { try greedy.send(pings, within: .seconds(3)) }
                #expect(try sentinel.residentKilobytes() - before < 16 << 10)
                #expect(try other.request("CLIENT", "UNPAUSE") == .simple("OK"))
                for _ in 0..<10_000 { #expect(try greedy.readReply() == .simple("PONG")) }
            }
        }
    #endif

    /// What is not read does not tell of its end.
    @Test(.timeLimit(.minutes(2)))
    func `that has gone meanwhile keeps no place`() throws {
        try withSentinel(.ours) { sentinel in
            let other = try RedisClient(port: sentinel.port)
            #expect(try other.request("CLIENT", "PAUSE", "600000", "ALL") == .simple("OK"))
            let pings = Array(String(repeating: "PING\r\n", count: 180_000).utf8)
            func isListed() throws -> Bool { try other.request("CLIENT", "LIST").text?.contains(" cmd=ping ") == true }
            do {
                let greedy = try RedisClient(port: sentinel.port)
                try greedy.send(pings, within: .seconds(10))
                try eventually("it waits", within: .seconds(5)) { try isListed() }
            }
            try eventually("it is gone", within: .seconds(60)) { try !isListed() }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `whose turn comes after a pause that was made a lesser one is served`() throws {
        try withSentinel(.ours) { sentinel in
            let first = try RedisClient(port: sentinel.port)
            let other = try RedisClient(port: sentinel.port)
            #expect(try first.request("CLIENT", "PAUSE", "60000", "ALL") == .simple("OK"))
            try other.send(command: ["PING"])
            try eventually("it waits", within: .seconds(5)) {
                (try first.request("CLIENT", "LIST").text ?? "").contains(" cmd=ping ")
            }
            #expect(try first.request("CLIENT", "PAUSE", "1", "WRITE") == .simple("OK"))
            #expect(try other.readReply() == .simple("PONG"))
        }
    }

    /// Else it is remembered with every refusal.
    @Test(.timeLimit(.minutes(1)))
    func `whose name is long has it told in full by itself alone`() throws {
        try withSentinel(.ours) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            let name = String(repeating: "n", count: 100_000)
            #expect(try client.request("CLIENT", "SETNAME", name) == .simple("OK"))
            #expect(try client.request("CLIENT", "INFO").text?.contains("name=\(name) ") == true)
            _ = try client.request("AUTH", "nobody", "x")
            let log = "\(try client.request("ACL", "LOG"))"
            #expect(log.contains("nobody") && log.contains("name=nnn") && log.utf8.count < 10_000)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `that breaks the protocol behind a long listing gets the listing, then the error`() throws {
        let lines = (0..<200).map { "sentinel monitor group-\($0) 127.0.0.9 \(1000 + $0) 2" }
        try withSentinel(.ours, lines) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            try client.send(Array("SENTINEL MASTERS\r\n*x\r\n".utf8))
            #expect(try client.readReply().items.count == 200)
            #expect(try client.readReply() == .error("ERR Protocol error: invalid multibulk length"))
            #expect(client.isClosedByPeer(within: .seconds(5)))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `whose user was deleted by a request that waited before his is not served`() throws {
        try withSentinel(.ours, ["user bob on nopass ~* &* +@all"]) { sentinel in
            let first = try RedisClient(port: sentinel.port)
            let bob = try RedisClient(port: sentinel.port)
            _ = try bob.request("AUTH", "bob", "x")
            #expect(try first.request("CLIENT", "PAUSE", "60000", "ALL") == .simple("OK"))
            try first.send(command: ["ACL", "DELUSER", "bob"])
            try bob.send(command: ["SUBSCRIBE", "news"])
            // Answered behind it, so both have been read.
            let other = try RedisClient(port: sentinel.port)
            try eventually("both wait", within: .seconds(5)) {
                let lines = (try other.request("CLIENT", "LIST").text ?? "").split(separator: "\n")
                return lines.filter { $0.contains(" cmd=acl|deluser ") || $0.contains(" cmd=subscribe ") }.count == 2
            }
            #expect(try other.request("CLIENT", "UNPAUSE") == .simple("OK"))
            #expect(try first.readReply() == .integer(1))
            #expect(bob.isClosedByPeer(within: .seconds(5)))
            #expect((try other.request("INFO", "stats").text ?? "").contains("pubsub_channels:0\r\n"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `that speaks HTTP is told of once a minute`() throws {
        try withSentinel(.ours) { sentinel in
            for _ in 0..<5 {
                let client = try RedisClient(port: sentinel.port)
                try client.send(Array("POST / HTTP/1.1\r\n".utf8))
                #expect(client.isClosedByPeer(within: .seconds(5)))
            }
            #expect(sentinel.process.log().components(separatedBy: "an HTTP request came in").count == 2)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `with hundreds of prefixes to track is refused`() throws {
        try withSentinel(.ours) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            _ = try client.request("HELLO", "3")
            let prefixes = (0..<256).flatMap { ["PREFIX", "p\($0)-"] }
            #expect(try client.request(["CLIENT", "TRACKING", "ON", "BCAST"] + prefixes) == .simple("OK"))
            #expect(
                try client.request("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "q")
                    == .error("ERR too many prefixes"))
        }
    }

    #if os(Linux)
        @Test(.timeLimit(.minutes(1)))
        func `keeps no memory for what was long once`() throws {
            try withSentinel(.ours) { sentinel in
                let before = try sentinel.residentKilobytes()
                let echoed = String(repeating: "x", count: 16 << 20)
                let clients = try (0..<3).map { number in
                    let client = try RedisClient(port: sentinel.port)
                    if number == 1 {
                        try client.send(command: ["CLIENT", "REPLY", "OFF"])
                        try client.send(RedisClient.encode(["PING", echoed]), within: .seconds(10))
                        #expect(try client.request("CLIENT", "REPLY", "ON") == .simple("OK"))
                    } else {
                        try client.send(RedisClient.encode(["PING", echoed]), within: .seconds(10))
                        #expect(try client.readReply(within: .seconds(10)) == .bulk(echoed))
                    }
                    return client
                }
                // Each of them would hold on to 32 MB: its request and its reply.
                try eventually("the memory is given back", within: .seconds(5)) {
                    try sentinel.residentKilobytes() - before < 8 << 10
                }
                withExtendedLifetime(clients) {}
            }
        }
    #endif
}
