// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a client gets that does not speak the protocol.
///
/// - Source: spec/commands.md 2 (dispatch) and 8 (inbound protocol and limits), 5.6 (PUBLISH).
@Suite(.serialized, .ownThread) struct `Bad input` {
    struct Offence: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        /// The error that follows `ERR Protocol error: `; `nil` when the connection closes without a reply.
        let why: String?

        init(_ description: String, _ text: String, padding: Character? = nil, _ why: String?) {
            testDescription = description
            // 64 KiB and a little: read in one or a few pieces, too long in any case.
            bytes = Array(text.utf8) + (padding.map { Array(String(repeating: $0, count: 65_540).utf8) } ?? [])
            self.why = why
        }
    }

    static let offences = [
        Offence("a count that is no number", "*abc\r\n", "invalid multibulk length"),
        Offence("a count beyond 2^31-1", "*2147483648\r\n", "invalid multibulk length"),
        Offence("a simple string inside a command", "*1\r\n+PING\r\n", "expected '$', got '+'"),
        Offence("an integer inside a command", "*1\r\n:5\r\n", "expected '$', got ':'"),
        Offence("a nested array", "*1\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"),
        Offence("a negative bulk length", "*1\r\n$-5\r\n", "invalid bulk length"),
        Offence("a bulk length that is no number", "*1\r\n$abc\r\n", "invalid bulk length"),
        Offence("a bulk over 512 MiB", "*1\r\n$536870913\r\n", "invalid bulk length"),
        Offence("quotes without an end", "PING \"abc\r\n", "unbalanced quotes in request"),
        Offence("an inline line over 64 KiB", "", padding: "a", "too big inline request"),
        Offence("an endless count", "*", padding: "1", "too big mbulk count string"),
        Offence("an endless bulk length", "*1\r\n$", padding: "1", "too big bulk count string"),
        Offence("HTTP POST", "POST / HTTP/1.1\r\n", nil),
        Offence("an HTTP Host header", "Host: localhost\r\n", nil),
    ]

    @Test(.timeLimit(.minutes(2)), arguments: SentinelProgram.allCases)
    func `ends the connection with the protocol error, and no other`(program: SentinelProgram) throws {
        try withCluster(replicas: 0, sentinels: [program], quorum: 1) { cluster in
            let port = cluster.sentinels[0].port
            let bystander = try RedisClient(port: port)
            for offence in Self.offences {
                let client = try RedisClient(port: port)
                try client.send(offence.bytes)
                if let why = offence.why {
                    let reply = try client.readReply()
                    #expect(reply == .error("ERR Protocol error: \(why)"), "\(offence.testDescription)")
                }
                #expect(client.isClosedByPeer(within: .seconds(3)), "\(offence.testDescription)")
                #expect(try bystander.request("PING") == .simple("PONG"), "\(offence.testDescription)")
            }
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: SentinelProgram.allCases)
    func `that is merely odd is answered`(program: SentinelProgram) throws {
        try withCluster(replicas: 0, sentinels: [program], quorum: 1) { cluster in
            let client = try RedisClient(port: cluster.sentinels[0].port)
            try client.send(Array("*0\r\n*-1\r\n\r\n\nPING\nping 'a b'\r\n".utf8))
            #expect(try client.readReply() == .simple("PONG"))
            #expect(try client.readReply() == .bulk("a b"))
            // Bytes of no meaning are an inline command nobody knows; the connection stays.
            try client.send([1, 2, 0xff, 0xfe, 10])
            #expect(try client.readReply().text?.hasPrefix("ERR unknown command") == true)
            #expect(try client.request("PING") == .simple("PONG"))
            // One byte at a time is as good as all at once.
            for byte in RedisClient.encode(["PING", "slow"]) { try client.send([byte]) }
            #expect(try client.readReply() == .bulk("slow"))
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: SentinelProgram.allCases)
    func `that stops half way leaves nothing behind`(program: SentinelProgram) throws {
        try withCluster(replicas: 0, sentinels: [program], quorum: 1) { cluster in
            let port = cluster.sentinels[0].port
            let bystander = try RedisClient(port: port)
            let whole = RedisClient.encode(["SENTINEL", "REMOVE", cluster.masterName])
            for length in 1..<whole.count {
                // Closed as soon as it goes out of scope.
                try RedisClient(port: port).send(Array(whole[..<length]))
                #expect(try bystander.request("PING") == .simple("PONG"))
            }
            #expect(try bystander.request("SENTINEL", "MASTER", cluster.masterName).fields["flags"] == "master")
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: SentinelProgram.allCases)
    func `in a hello is acknowledged and ignored`(program: SentinelProgram) throws {
        try withCluster(replicas: 0, sentinels: [program], quorum: 1) { cluster in
            let sentinel = cluster.sentinels[0]
            let master = cluster.group.servers[0].port
            let id = String(repeating: "a", count: 40)
            let before = sentinel.rememberedLines
            for payload in [
                "", ",", ",,,,,,,", "garbage", "127.0.0.1,26379,\(id),1,\(cluster.masterName),127.0.0.1,\(master)",
                "127.0.0.1,26379,\(id),1,\(cluster.masterName),127.0.0.1,\(master),0,extra",
                "127.0.0.1,26379,\(id),1,nobody,127.0.0.1,\(master),0", String(repeating: "x,", count: 5_000),
            ] {
                #expect(try sentinel.ask("PUBLISH", "__sentinel__:hello", payload) == .integer(1), "\(payload)")
            }
            let elsewhere = try sentinel.ask("PUBLISH", "news", "x")
            #expect(elsewhere == .error("ERR Only HELLO messages are accepted by Sentinel instances."))
            #expect(try sentinel.masterPort(cluster.masterName) == master)
            #expect(try sentinel.peers(cluster.masterName).isEmpty)
            #expect(sentinel.rememberedLines == before)
        }
    }
}
