// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// How many clients there may be, and what one of them may ask of us.
///
/// - Source: spec/commands.md 2 and 8; Docs/differences.md where only ours is asked.
@Suite(.serialized, .ownThread) struct `Client limits` {
    // MARK: How many

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `maxclients refuses whoever comes too many, until somebody leaves`(program: SentinelProgram) throws {
        // From this host, ours lets a few more in.
        let room = try program.isOriginalBinary ? 2 : 2 + 4
        try withSentinel(program, ["maxclients 2"]) { sentinel in
            var clients: [RedisClient] = []
            try eventually("there is room for \(room) clients", within: .seconds(5)) {
                clients = []
                for _ in 0..<room { clients.append(try RedisClient(port: sentinel.port)) }
                return try clients.allSatisfy { try $0.request("PING") == .simple("PONG") }
            }
            let refused = try RedisClient(port: sentinel.port)
            #expect(try refused.readReply() == .error("ERR max number of clients reached"))
            #expect(refused.isClosedByPeer(within: .seconds(5)))
            clients.removeLast()
            try eventually("there is room again", within: .seconds(5)) {
                try RedisClient(port: sentinel.port).request("PING") == .simple("PONG")
            }
            let counted = try clients[0].request("INFO", "stats").text ?? ""
            #expect(!counted.contains("rejected_connections:0\r\n"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `other sentinels get in when clients have used up everything`() throws {
        let peer = String(repeating: "b", count: 40)
        let lines = [
            "maxclients 2", "sentinel monitor mymaster 127.0.0.9 1 2",
            "sentinel known-sentinel mymaster 127.0.0.2 1 \(peer)",
        ]
        try withSentinel(.ours, lines) { sentinel in
            var clients: [RedisClient] = []
            try eventually("clients have used up everything", within: .seconds(5)) {
                let client = try RedisClient(port: sentinel.port)
                guard try client.request("PING") == .simple("PONG") else { return clients.count == 6 }
                clients.append(client)
                return false
            }
            let sentinelsClient = try RedisClient(port: sentinel.port, from: "127.0.0.2")
            let replies = try sentinelsClient.pipeline([
                ["AUTH", "default", "x"], ["CLIENT", "SETNAME", "sentinel-bbbbbbbb-cmd"], ["PING"],
            ])
            #expect(replies == [.simple("OK"), .simple("OK"), .simple("PONG")])
            let neighbour = try RedisClient(port: sentinel.port, from: "127.0.0.2")
            #expect(try neighbour.request("CLIENT", "SETNAME", "application") == .simple("OK"))
            #expect(try neighbour.request("PING") == .error("ERR max number of clients reached"))
            #expect(neighbour.isClosedByPeer(within: .seconds(5)), "it is at a sentinel's host, and none itself")
            let silent = try RedisClient(port: sentinel.port, from: "127.0.0.2")
            #expect(silent.isClosedByPeer(within: .seconds(15)))
            #expect(try sentinelsClient.request("PING") == .simple("PONG"))
            let strangersClient = try RedisClient(port: sentinel.port, from: "127.0.0.3")
            #expect(try strangersClient.readReply() == .error("ERR max number of clients reached"))
            withExtendedLifetime((clients, sentinelsClient)) {}
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a restarted sentinel reaches one whose slots clients have used up`() throws {
        try withCluster(replicas: 0, sentinels: [.ours, .original, .ours], lines: ["maxclients 10"]) { cluster in
            let sentinel = cluster.sentinels[0]
            var clients: [RedisClient] = []
            for other in cluster.sentinels.dropFirst() {
                other.process.kill()
                // Its own slot as well.
                try eventually("clients have used up everything", within: .seconds(5)) {
                    let client = try RedisClient(port: sentinel.port)
                    guard try client.request("PING") == .simple("PONG") else { return true }
                    clients.append(client)
                    return false
                }
                try other.restart()
                // Whoever is not let in calls the other one disconnected, or down.
                try cluster.settle(master: cluster.group.servers[0], within: .seconds(20))
            }
            let refused = try RedisClient(port: sentinel.port)
            #expect(try refused.request("PING") == .error("ERR max number of clients reached"))
            withExtendedLifetime(clients) {}
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `protected mode lets in whoever has a password, or comes from this host`() throws {
        let elsewhere = try #require(ownAddress, "this needs an address other than loopback")
        for program in SentinelProgram.allCases {
            try withSentinel(program, ["bind * -::*", "protected-mode yes"]) { sentinel in
                let stranger = try RedisClient(port: sentinel.port, host: elsewhere)
                #expect(try stranger.readReply().text?.hasPrefix("DENIED ") == true)
                #expect(stranger.isClosedByPeer(within: .seconds(5)))
                #expect(try RedisClient(port: sentinel.port).request("PING") == .simple("PONG"))
            }
            try withSentinel(program, ["bind * -::*", "protected-mode yes", "requirepass secret"]) { sentinel in
                let guest = try RedisClient(port: sentinel.port, host: elsewhere)
                #expect(try guest.request("AUTH", "secret") == .simple("OK"))
            }
            try withSentinel(program, ["bind * -::*"]) { sentinel in
                let guest = try RedisClient(port: sentinel.port, host: elsewhere)
                #expect(try guest.request("PING") == .simple("PONG"), "it is off unless asked for")
            }
        }
    }

    // MARK: How long

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `timeout ends idle clients, and neither busy ones nor subscribers`(program: SentinelProgram) throws {
        try withSentinel(program, ["timeout 3", "loglevel verbose"]) { sentinel in
            let subscriber = try RedisClient(port: sentinel.port)
            _ = try subscriber.request("SUBSCRIBE", "+sdown")
            let busy = try RedisClient(port: sentinel.port)
            // Two in a row: whoever was idle once is not the only one.
            for _ in 0..<2 {
                let idle = try RedisClient(port: sentinel.port)
                #expect(try idle.request("PING") == .simple("PONG"))
                try eventually("the idle client is thrown out", within: .seconds(10)) { () throws -> Bool in
                    #expect(try busy.request("PING") == .simple("PONG"))
                    return idle.isClosedByPeer(within: .milliseconds(50))
                }
            }
            #expect(try subscriber.request("PING") == .array([.bulk("pong"), .bulk("")]))
            #expect(sentinel.process.log().contains("Closing idle client"))
            // Who listens no more is idle from then on.
            _ = try subscriber.request("UNSUBSCRIBE", "+sdown")
            #expect(subscriber.isClosedByPeer(within: .seconds(10)))
        }
    }

    #if os(Linux)
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `tcp-keepalive is on unless switched off`(program: SentinelProgram) throws {
            for (lines, seconds) in [([], 300), (["tcp-keepalive 60"], 60), (["tcp-keepalive 0"], nil)] {
                try withSentinel(program, lines) { sentinel in
                    let client = try RedisClient(port: sentinel.port)
                    #expect(try client.request("PING") == .simple("PONG"))
                    // The kernel's table shows the timer once all that was sent is acknowledged.
                    let wanted = seconds.map { ($0 - 10)...$0 }
                    try eventually("the timer of the connection is that of \(lines)", within: .seconds(5)) {
                        try keepAliveTimers(localPort: sentinel.port)
                    } until: { timers in
                        !timers.isEmpty
                            && timers.allSatisfy { timer in
                                timer.map { wanted?.contains($0) ?? false } ?? (wanted == nil)
                            }
                    }
                    withExtendedLifetime(client) {}
                }
            }
        }
    #endif

    // MARK: How much

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a query that grows over client-query-buffer-limit ends the connection`(program: SentinelProgram) throws {
        try withSentinel(program, ["client-query-buffer-limit 1mb"]) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            try client.send(Array("*2\r\n$4\r\nPING\r\n$3000000\r\n".utf8))
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
            do { for _ in 0..<40 { try client.send(piece) } } catch RedisClient.Failure.closed {}
            #expect(client.isClosedByPeer(within: .seconds(5)))
            #expect(sentinel.process.log().contains("Closing client that reached max query buffer length"))
            let within = String(repeating: "x", count: 900_000)
            #expect(try sentinel.ask("PING", within) == .bulk(within))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `proto-max-bulk-len is the longest argument`(program: SentinelProgram) throws {
        try withSentinel(program, ["proto-max-bulk-len 1mb"]) { sentinel in
            let client = try RedisClient(port: sentinel.port)
            let longest = String(repeating: "x", count: 1 << 20)
            #expect(try client.request("PING", longest) == .bulk(longest))
            try client.send(Array("*2\r\n$4\r\nPING\r\n$1048577\r\n".utf8))
            #expect(try client.readReply() == .error("ERR Protocol error: invalid bulk length"))
            #expect(client.isClosedByPeer(within: .seconds(5)))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `before authentication little may be sent`(program: SentinelProgram) throws {
        try withSentinel(program, ["requirepass secret"]) { sentinel in
            for (bytes, error) in [
                ("*11\r\n", "unauthenticated multibulk length"),
                ("*2\r\n$4\r\nAUTH\r\n$16385\r\n", "unauthenticated bulk length"),
            ] {
                let client = try RedisClient(port: sentinel.port)
                try client.send(Array(bytes.utf8))
                #expect(try client.readReply() == .error("ERR Protocol error: \(error)"))
                #expect(client.isClosedByPeer(within: .seconds(5)))
            }
            let client = try RedisClient(port: sentinel.port)
            let longest = String(repeating: "x", count: 16384)
            #expect(try client.request("AUTH", longest) == .error(wrongPassword))
            #expect(try client.request("PING") == .error("NOAUTH Authentication required."))
            #expect(try client.request("AUTH", "secret") == .simple("OK"))
            #expect(try client.request("PING", longest + "x") == .bulk(longest + "x"))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `before authentication few replies may be left unread`(program: SentinelProgram) throws {
        try withSentinel(program, ["requirepass secret"]) { sentinel in
            let client = try RedisClient(port: sentinel.port, receiveBuffer: 4096)
            #expect(throws: RedisClient.Failure.self) { () throws in for _ in 0..<200 { try client.send(flood) } }
            // The client may have waited too long for the sentinel to read on.
            try eventually("it is let go", within: .seconds(20)) {
                sentinel.process.log().contains("for overcoming of output buffer limits.")
            }
        }
    }

    /// It counts as a client no more, so nothing else would limit how many there are.
    @Test(.timeLimit(.minutes(1)))
    func `whoever has not logged in and quits keeps nothing of the sentinel's`() throws {
        try withSentinel(.ours, ["requirepass secret"]) { sentinel in
            let pid = try #require(sentinel.process.pid)
            func descriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
            }
            let bystander = try RedisClient(port: sentinel.port)
            #expect(try bystander.request("AUTH", "secret") == .simple("OK"))
            let before = try descriptors()
            let requests = (0..<200).flatMap { _ in RedisClient.encode(["HELLO"]) }
            let clients = try (0..<5).map { _ in
                let client = try RedisClient(port: sentinel.port, receiveBuffer: 4096)
                // More than the kernel takes, but not all that is allowed: no more before what was sent is answered.
                try eventually("replies wait", within: .seconds(10)) {
                    let list = try bystander.request("CLIENT", "LIST").text ?? ""
                    let found = list.split(separator: "\n").first { $0.contains("addr=\(client.localAddress) ") }
                    guard let line = found.map(String.init), line.contains(" qbuf=0 ") else { return false }
                    let isEnough = backlog(in: line) > 100_000
                    if !isEnough { try client.send(requests) }
                    return isEnough
                }
                return client
            }
            for client in clients { try client.send(command: ["QUIT"]) }
            try withExtendedLifetime(clients) {
                try eventually("all are gone", within: .seconds(5)) { try descriptors() <= before + 1 }
            }
        }
    }

    // MARK: How slow

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a subscriber that does not read is let go at the hard limit`(program: SentinelProgram) throws {
        try withEvents(program, "client-output-buffer-limit pubsub 1mb 0 0") { sentinel, event in
            let slow = try GreedySubscriber(sentinel, name: "slow", receiveBuffer: 4096)
            let attentive = try GreedySubscriber(sentinel, name: "attentive")
            try eventually("the slow subscriber is let go", within: .seconds(20)) {
                try event()
                try attentive.readEvent()
                return try !isConnected("slow", to: sentinel)
            }
            #expect(try isConnected("attentive", to: sentinel))
            #expect(sentinel.process.log().contains("for overcoming of output buffer limits."))
            withExtendedLifetime(slow) {}
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a subscriber that reads too slowly is let go some seconds after the soft limit`(program: SentinelProgram)
        throws
    {
        try withEvents(program, "client-output-buffer-limit pubsub 0 64kb 3") { sentinel, event in
            let slow = try GreedySubscriber(sentinel, name: "slow", receiveBuffer: 4096)
            var seenWithin = ContinuousClock.now
            // Far more: for a while the kernel takes in what waits.
            try eventually("more than the soft limit waits", within: .seconds(20)) {
                let now = ContinuousClock.now
                if try backlog(of: "slow", at: sentinel) <= 64 << 10 { seenWithin = now }
                try event()
                return try backlog(of: "slow", at: sentinel) > 1 << 20 || !isConnected("slow", to: sentinel)
            }
            try eventually("the slow subscriber is let go", within: .seconds(20)) {
                try !isConnected("slow", to: sentinel)
            }
            #expect(ContinuousClock.now - seenWithin > .seconds(2), "not at once")
            #expect(sentinel.process.log().contains("for overcoming of output buffer limits."))
            withExtendedLifetime(slow) {}
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a client that does not read its replies is let go at the limit for normal ones`(program: SentinelProgram)
        throws
    {
        for (limit, isLetGo) in [("0 0 0", false), ("1mb 0 0", true)] {
            try withSentinel(program, ["client-output-buffer-limit normal \(limit)"]) { sentinel in
                let slow = try RedisClient(port: sentinel.port, receiveBuffer: 4096)
                #expect(try slow.request("CLIENT", "SETNAME", "slow") == .simple("OK"))
                let text = String(repeating: "x", count: 100_000)
                do {
                    for _ in 0..<100 { try slow.send(command: ["PING", text]) }
                } catch RedisClient.Failure.closed {}
                if isLetGo {
                    try eventually("the client is let go", within: .seconds(10)) {
                        try !isConnected("slow", to: sentinel)
                    }
                } else {
                    for _ in 0..<100 { #expect(try slow.readReply() == .bulk(text)) }
                }
            }
        }
    }
}

/// Ten thousand requests; each is answered whether one is authenticated or not.
private let flood = Array(String(repeating: "PING\r\n", count: 10_000).utf8)

private let wrongPassword = "WRONGPASS invalid username-password pair or user is disabled."

/// A subscriber whose patterns make hundreds of kilobytes of every event.
private final class GreedySubscriber {
    private static let patterns = 400
    private let client: RedisClient

    init(_ sentinel: SentinelServer, name: String, receiveBuffer: Int32? = nil) throws {
        client = try RedisClient(port: sentinel.port, receiveBuffer: receiveBuffer)
        #expect(try client.request("CLIENT", "SETNAME", name) == .simple("OK"))
        // Different ones that all match: `+set`, then more and more of what may be there or not.
        let patterns = (0..<Self.patterns).map { "+set" + String(repeating: "*", count: 1_000 + $0) }
        try client.send(command: ["PSUBSCRIBE"] + patterns)
        for _ in patterns { _ = try client.readReply() }
    }

    func readEvent() throws {
        for _ in 0..<Self.patterns { _ = try client.readReply() }
    }
}

/// A sentinel with one more line, and a way to have it publish an event.
private func withEvents(
    _ program: SentinelProgram, _ line: String, _ body: (SentinelServer, () throws -> Void) throws -> Void
) throws {
    try withSentinel(program, [line, "sentinel monitor mymaster 127.0.0.9 1 2"]) { sentinel in
        try body(sentinel) { () throws in
            #expect(try sentinel.ask("SENTINEL", "SET", "mymaster", "quorum", "2") == .simple("OK"))
        }
    }
}

private func clientLine(_ name: String, at sentinel: SentinelServer) throws -> String? {
    let lines = try sentinel.ask("CLIENT", "LIST").text ?? ""
    return lines.split(separator: "\n").map(String.init).first { $0.contains(" name=\(name) ") }
}

private func isConnected(_ name: String, to sentinel: SentinelServer) throws -> Bool {
    try clientLine(name, at: sentinel) != nil
}

private func backlog(of name: String, at sentinel: SentinelServer) throws -> Int {
    backlog(in: try clientLine(name, at: sentinel))
}

/// Bytes that wait for a client to read them, as its line of CLIENT LIST tells.
private func backlog(in line: String?) -> Int {
    let field = line?.split(separator: " ").first { $0.hasPrefix("omem=") }
    return field.flatMap { Int($0.dropFirst(5)) } ?? 0
}

/// An IPv4 address of this host that is not loopback.
private let ownAddress: String? = {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return nil }
    defer { freeifaddrs(list) }
    for entry in sequence(first: list, next: { $0?.pointee.ifa_next }).compactMap({ $0 }) {
        guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { continue }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard getnameinfo(address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else { continue }
        let text = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if !text.hasPrefix("127.") { return text }
    }
    return nil
}()

#if os(Linux)
    /// Seconds until keep-alive probes an established connection at `localPort`, one each; `nil` where it never does.
    private func keepAliveTimers(localPort: UInt16) throws -> [Int?] {
        let table = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/net/tcp")).readToEnd() ?? Data()
        let suffix = String(format: ":%04X", localPort)
        let lineFeed = UInt8(ascii: "\n")
        var timers: [Int?] = []
        // The machine may have tens of thousands of other connections: their lines are skipped as bytes.
        var rest = table[...]
        while let found = rest.range(of: Data(suffix.utf8)) {
            let start = rest[..<found.lowerBound].lastIndex(of: lineFeed) ?? rest.startIndex
            let end = rest[found.upperBound...].firstIndex(of: lineFeed) ?? rest.endIndex
            let line = String(decoding: rest[start..<end], as: UTF8.self)
            rest = rest[end...]
            // sl, local address, remote address, state, queues, timer kind and hundredths of a second, …
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 5, fields[1].hasSuffix(suffix), fields[3] == "01" else { continue }
            let timer = fields[5].split(separator: ":")
            guard timer.count == 2, let hundredths = Int(timer[1], radix: 16) else { continue }
            timers.append(timer[0] == "02" ? hundredths / 100 : nil)
        }
        return timers
    }
#endif
