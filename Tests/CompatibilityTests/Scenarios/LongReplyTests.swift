// SPDX-License-Identifier: Apache-2.0

import Testing

/// Replies with many instances are told in pieces, as fast as the client reads.
@Suite(.serialized, .ownThread) struct `Long replies` {
    private static let groups = 200
    private static let requests = 50
    /// A debug build makes a listing of so many groups in a tenth of a second, or in half of one on a slow machine.
    private static let patience = Duration.seconds(30)

    @Test(.timeLimit(.minutes(3)))
    func `wait for their reader, hold up nobody, and stay in one piece`() throws {
        let lines = (0..<Self.groups).map { "sentinel monitor group-\($0) 127.0.0.9 \(1000 + $0) 2" }
        try withSentinel(.ours, lines) { sentinel in
            let slow = try RedisClient(port: sentinel.port)
            _ = try slow.request("HELLO", "3")
            _ = try slow.request("SUBSCRIBE", "+set")
            // More than the kernel takes.
            let listings = (0..<Self.requests).map { _ in ["SENTINEL", "MASTERS"] }
            try slow.send((listings + [["PING"]]).flatMap { RedisClient.encode($0) })

            let other = try RedisClient(port: sentinel.port)
            var waiting = 0
            try eventually("the sentinel waits for its slow client", within: .seconds(60)) {
                let line = (try other.request(["CLIENT", "LIST"], within: Self.patience).text ?? "").split(
                    separator: "\n"
                )
                .first { $0.contains("addr=\(slow.localAddress) ") }
                waiting =
                    line?.split(separator: " ").first { $0.hasPrefix("omem=") }
                    .flatMap { Int($0.dropFirst(5)) } ?? 0
                return waiting > 0
            }
            // A piece and what was behind it, not megabytes.
            #expect(waiting < 200_000)
            // Events for it, which must not come in the middle of a reply.
            for quorum in 3..<6 {
                #expect(
                    try other.request(["SENTINEL", "SET", "group-0", "quorum", "\(quorum)"], within: Self.patience)
                        == .simple("OK"))
            }

            let names = (0..<Self.groups).map { "group-\($0)" }
            var told = 0
            var events = 0
            var isAnswered = false
            while !isAnswered || events < 3 {
                switch try slow.readReply(within: .seconds(60)) {
                case .array(let masters):
                    told += 1
                    #expect(masters.map { $0.fields["name"] ?? "" } == names)
                case .push: events += 1
                case .simple("PONG"):
                    #expect(told == Self.requests)
                    isAnswered = true
                case let other: Issue.record("\(other)")
                }
            }
            #expect(try other.request(["PING"], within: Self.patience) == .simple("PONG"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `end with a client that goes away in the middle`() throws {
        let lines = (0..<Self.groups).map { "sentinel monitor group-\($0) 127.0.0.9 \(1000 + $0) 2" }
        try withSentinel(.ours, lines) { sentinel in
            let other = try RedisClient(port: sentinel.port)
            do {
                let slow = try RedisClient(port: sentinel.port)
                try slow.send((0..<Self.requests).flatMap { _ in RedisClient.encode(["SENTINEL", "MASTERS"]) })
                _ = try slow.readReply(within: .seconds(60))
            }
            try eventually("nobody else is left", within: .seconds(40)) {
                let list = try other.request(["CLIENT", "LIST"], within: Self.patience).text ?? ""
                return list.split(separator: "\n").count == 1
            }
            #expect(try other.request(["PING"], within: Self.patience) == .simple("PONG"))
        }
    }
}
