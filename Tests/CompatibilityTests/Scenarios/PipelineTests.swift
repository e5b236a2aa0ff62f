// SPDX-License-Identifier: Apache-2.0

import Testing

/// Many requests in a row, in either form.
///
/// - Source: spec/commands.md 4.2 and 8.
@Suite(.serialized, .ownThread) struct `Pipelines` {
    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `of any depth are answered in order`(program: SentinelProgram) throws {
        try withSentinel(program, ["sentinel monitor mymaster 127.0.0.9 1 2"]) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            // Among what is answered at once: what goes through the core, what fails, and what is saved first.
            let commands = (0..<20_000).flatMap { number in
                switch number {
                case _ where number.isMultiple(of: 2_000):
                    ["SENTINEL SET mymaster quorum \(number + 1)", "PING \(number)"]
                case _ where number.isMultiple(of: 7):
                    ["SENTINEL GET-MASTER-ADDR-BY-NAME mymaster", "NOSUCH", "PING \(number)"]
                default: ["PING \(number)"]
                }
            }
            let bytes = commands.enumerated().flatMap { index, command in
                // Arrays and inline requests take turns.
                index.isMultiple(of: 2)
                    ? Array((command + "\r\n").utf8)
                    : RedisClient.encode(command.split(separator: " ").map(String.init))
            }
            try client.send(bytes, within: .seconds(20))
            for command in commands {
                let reply = try client.readReply(within: .seconds(20))
                if command.hasPrefix("PING") {
                    #expect(reply == .bulk(String(command.dropFirst(5))))
                } else if command.hasPrefix("SENTINEL SET") {
                    #expect(reply == .simple("OK"))
                } else if command == "NOSUCH" {
                    #expect(reply.text?.hasPrefix("ERR unknown command 'NOSUCH'") == true)
                } else {
                    #expect(reply == .array([.bulk("127.0.0.9"), .bulk("1")]))
                }
            }
        }
    }

    /// As what a shell pipes into a port does. The second waits for the first, and that for the disk.
    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `whose end is that of the input are carried out and answered`(program: SentinelProgram) throws {
        try withSentinel(program) { sentinel in
            for number in 0..<10 {
                let client = try RedisClient(port: sentinel.port)
                let requests = [
                    ["SENTINEL", "MONITOR", "m\(number)", "127.0.0.9", "1", "2"],
                    ["SENTINEL", "SET", "m\(number)", "quorum", "5"],
                ]
                try client.send(requests.flatMap { RedisClient.encode($0) })
                client.endSending()
                for _ in requests { #expect(try client.readReply() == .simple("OK")) }
                #expect(client.isClosedByPeer(within: .seconds(5)))
                #expect(try sentinel.master("m\(number)")["quorum"] == "5")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `tell of every failed AUTH`(program: SentinelProgram) throws {
        try withSentinel(program, ["requirepass secret"]) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            let replies = try client.pipeline([
                ["AUTH", "secret"], ["PING"], ["AUTH", "wrong"], ["PING", "a"], ["AUTH", "nobody", "wrong"],
                ["HELLO", "2", "AUTH", "default", "wrong"], ["PING", "b"],
            ])
            let wrong = Reply.error("WRONGPASS invalid username-password pair or user is disabled.")
            #expect(replies == [.simple("OK"), .simple("PONG"), wrong, .bulk("a"), wrong, wrong, .bulk("b")])
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `of inline requests may quote their words`(program: SentinelProgram) throws {
        try withSentinel(program) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            let lines: [(line: String, reply: String)] = [
                (#"PING "two words""#, "two words"), (#"PING 'it\'s'"#, "it's"), (#"ping """#, ""),
                (#"PING "\x41\n\"\\\q""#, "A\n\"\\q"), (#"PING '\x41'"#, #"\x41"#), (#""PING" plain"#, "plain"),
                ("  PING\t spaced ", "spaced"), (#"PING "a""#, "a"),
            ]
            try client.send(Array(lines.map { $0.line + "\n" }.joined().utf8))
            for (line, reply) in lines { #expect(try client.readReply() == .bulk(reply), "\(line)") }
        }
    }
}
