// SPDX-License-Identifier: Apache-2.0

import Testing

/// CLIENT PAUSE: what waits for its end, and what does not.
///
/// - Source: spec/commands.md 2; asked of redis-sentinel 7.0.15.
@Suite(.serialized, .ownThread) struct `A pause` {
    private struct Case {
        /// Requests before the pause, each with one reply.
        var before: [String] = ["AUTH secret"]
        let request: String
        /// Whether the reply has to wait when all requests have to, and when only those that write have to.
        let waits: (all: Bool, write: Bool)
        /// The same for ours where it differs on purpose.
        var waitsAtOurs: (all: Bool, write: Bool)?
        var reply: Reply?
    }

    private static let cases = [
        Case(request: "PING", waits: (true, false), reply: .simple("PONG")),
        Case(request: "SENTINEL MYID", waits: (true, false)),
        Case(request: "SUBSCRIBE news", waits: (true, false)),
        Case(request: "PUBLISH __sentinel__:hello x", waits: (true, true), reply: .integer(1)),
        Case(request: "PUBLISH news x", waits: (true, true)),
        Case(before: ["AUTH secret", "SUBSCRIBE news"], request: "PING", waits: (true, false)),
        // What is refused is refused at once.
        Case(request: "NOSUCH", waits: (false, false)), Case(request: "SENTINEL NOSUCH", waits: (false, false)),
        Case(request: "SENTINEL MASTER", waits: (false, false)),
        Case(before: [], request: "PING", waits: (false, false), reply: .error("NOAUTH Authentication required.")),
        Case(before: ["AUTH friend x"], request: "INFO", waits: (false, false)),
        Case(before: ["AUTH secret", "SUBSCRIBE news"], request: "INFO", waits: (false, false)),
        // What it takes to end a pause.
        Case(
            before: [], request: "AUTH secret", waits: (true, false), waitsAtOurs: (false, false), reply: .simple("OK")),
        Case(before: [], request: "HELLO 2 AUTH default secret", waits: (true, false), waitsAtOurs: (false, false)),
        Case(request: "CLIENT ID", waits: (true, false), waitsAtOurs: (false, false)),
        // Other sentinels, as far as one can tell.
        Case(
            before: ["AUTH secret", "CLIENT SETNAME sentinel-12345678-cmd"], request: "PUBLISH __sentinel__:hello x",
            waits: (true, true), waitsAtOurs: (false, false)),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `holds up what is to be done and nothing else`(program: SentinelProgram) throws {
        try withSentinel(program, ["requirepass secret", "user friend on nopass +ping"]) { sentinel in
            let isOriginal = try program.isOriginalBinary
            let caller = try RedisClient(port: sentinel.port)
            _ = try caller.request("AUTH", "secret")
            for mode in ["ALL", "WRITE"] {
                let clients = try Self.cases.map { one in
                    let client = try RedisClient(port: sentinel.port)
                    for request in one.before { _ = try client.request(request.split(separator: " ").map(String.init)) }
                    return client
                }
                let waits = Self.cases.map { one in
                    let waits = isOriginal ? one.waits : one.waitsAtOurs ?? one.waits
                    return mode == "ALL" ? waits.all : waits.write
                }
                // The original can't be told to end it.
                let length = Duration.seconds(isOriginal ? 2 : 60)
                #expect(try caller.request("CLIENT", "PAUSE", "\(length.milliseconds)", mode) == .simple("OK"))
                let begin = ContinuousClock.now
                for (one, client) in zip(Self.cases, clients) { try client.send(Array((one.request + "\n").utf8)) }
                // Each is answered at once or held up; all were seen when the last one was answered.
                for (index, one) in Self.cases.enumerated() where !waits[index] {
                    let reply = try clients[index].readReply(within: length)
                    if let wanted = one.reply { #expect(reply == wanted, "\(one.request)") }
                }
                for (index, one) in Self.cases.enumerated() where waits[index] {
                    let early = try clients[index].nextReply(within: .milliseconds(20))
                    if ContinuousClock.now - begin < length {
                        #expect(early == nil, "\(one.request) in a pause of \(mode)")
                    }
                }
                if !isOriginal { #expect(try caller.request("CLIENT", "UNPAUSE") == .simple("OK")) }
                for (index, one) in Self.cases.enumerated() where waits[index] {
                    let reply = try clients[index].readReply(within: .seconds(10))
                    if let wanted = one.reply { #expect(reply == wanted, "\(one.request)") }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `is seen in INFO and CLIENT LIST`(program: SentinelProgram) throws {
        try withSentinel(program) { sentinel in
            let caller = try RedisClient(port: sentinel.port)
            let client = try RedisClient(port: sentinel.port)
            #expect(try client.request("CLIENT", "SETNAME", "held") == .simple("OK"))
            #expect(try caller.request("CLIENT", "PAUSE", "60000", "WRITE") == .simple("OK"))
            try client.send(command: ["PUBLISH", "news", "x"])
            let line = try eventually("it is held up", within: .seconds(10)) {
                let lines = try caller.request("CLIENT", "LIST").text?.split(separator: "\n") ?? []
                return lines.first { $0.contains("name=held") } ?? ""
            } until: {
                $0.contains(" flags=b ")
            }
            #expect(line.contains(" cmd=publish "))
            #expect(try caller.request("INFO", "clients").text?.contains("blocked_clients:1\r\n") == true)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `keeps requests, their order and CLIENT REPLY as they are`() throws {
        try withSentinel { sentinel in
            let caller = try RedisClient(port: sentinel.port)
            #expect(try caller.request("CLIENT", "PAUSE", "60000") == .simple("OK"))
            let client = try RedisClient(port: sentinel.port)
            try client.send(Array("CLIENT REPLY SKIP\nPING a\nPING b\nNOSUCH\nCLIENT ID\nPING c\n".utf8))
            #expect(try client.nextReply(within: .milliseconds(50)) == nil)
            // Held up again by the next pause.
            #expect(
                try caller.pipeline([["CLIENT", "UNPAUSE"], ["CLIENT", "PAUSE", "60000"], ["CLIENT", "UNPAUSE"]])
                    == [.simple("OK"), .simple("OK"), .simple("OK")])
            #expect(try client.readReply() == .bulk("b"))
            #expect(try client.readReply().text?.hasPrefix("ERR unknown command 'NOSUCH'") == true)
            guard case .integer = try client.readReply() else {
                throw NotReached(description: "CLIENT ID has no number")
            }
            #expect(try client.readReply() == .bulk("c"))
        }
    }
}
