// SPDX-License-Identifier: Apache-2.0

import RESP
import SentinelCore
import SentinelWire
import Testing

/// Source: spec/monitoring.md 6.
@Suite struct `Hello texts` {
    static let text = "10.0.0.3,26379,\(String(repeating: "a", count: 40)),5,mymaster,10.0.0.1,6379,3"

    @Test func `have eight fields and come back as they were`() throws {
        let hello = try #require(Hello(text: Self.text.utf8))
        #expect(hello.sender == Endpoint(host: "10.0.0.3", port: 26379))
        #expect(hello.currentEpoch == Epoch(5))
        #expect(hello.master == Endpoint(host: "10.0.0.1", port: 6379))
        #expect(hello.configEpoch == Epoch(3))
        #expect(hello.text == Self.text)
    }

    @Test(arguments: [
        "", ",,,,,,,", "a,b,c,d,e,f,g", "\(text),more", text.replacing("26379", with: "99999"),
        text.replacing(",5,", with: ",-1,"), text.replacing(",5,", with: ",18446744073709551615,"),
        text.replacing("6379,3", with: "x,3"), text.replacing(",3", with: ","), String(repeating: "a,", count: 5000),
    ])
    func `anything else is none`(text: String) { #expect(Hello(text: text.utf8) == nil) }
}

/// Source: spec/monitoring.md 7.
@Suite struct `INFO texts` {
    @Test func `of a master tell its replicas in both styles`() {
        let report = InfoReport(
            text: Array(
                "# Server\r\nrun_id:0123456789012345678901234567890123456789\r\n# Replication\r\nrole:master\r\n"
                    .utf8)
                + Array("slave0:ip=10.0.0.2,port=6379,state=online\r\nslave1:10.0.0.3,6380,online\r\n".utf8)
                + Array("slave_priority:1\r\nslave2:ip=,port=1\r\nslave3:ip=x,port=70000\r\nslave4:\r\n".utf8))
        #expect(report.role == .master)
        #expect(report.runID == "0123456789012345678901234567890123456789")
        #expect(report.replicas == [Endpoint(host: "10.0.0.2", port: 6379), Endpoint(host: "10.0.0.3", port: 6380)])
        #expect(report.priority == nil)
    }

    @Test func `of a replica tell whom it follows and how far it is`() {
        let report = InfoReport(
            text: Array(
                """
                role:slave\r
                master_host:10.0.0.1\r
                master_port:6379\r
                master_link_status:up\r
                master_link_down_since_seconds:7\r
                slave_repl_offset:1234\r
                slave_priority:90\r
                replica_announced:0\r

                """.utf8))
        #expect(report.role == .replica)
        #expect(report.masterHost == "10.0.0.1")
        #expect(report.masterPort == 6379)
        #expect(report.isMasterLinkUp == true)
        #expect(report.masterLinkDownFor == .seconds(7))
        #expect(report.offset == 1234)
        #expect(report.priority == 90)
        #expect(report.isAnnounced == false)
    }

    @Test(arguments: [
        ("-9223372036854775808", .zero), ("9223372036854775807", .zero), ("-1", Duration.seconds(-1)), ("", .zero),
        ("1099511627775", .seconds((1 << 40) - 1)), ("1099511627776", .zero), ("-1099511627776", .zero),
    ])
    func `may tell a time that nobody can have measured`(seconds: String, expected: Duration) {
        let report = InfoReport(text: Array("role:slave\r\nmaster_link_down_since_seconds:\(seconds)\r\n".utf8))
        #expect(report.masterLinkDownFor == expected)
    }

    @Test func `of any bytes are read without harm`() {
        var generator = SeededGenerator(seed: 3)
        let words = [
            "master_link_down_since_seconds:", "-9223372036854775808", "slave_priority:", "slave_repl_offset:",
            "role:", "slave0:", "ip=", "port=", "\r\n", "\n", "master_port:", "99999999999999999999", "run_id:", ",",
        ]
        for _ in 0..<5000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                if Bool.random(using: &generator) {
                    text += Array((words.randomElement(using: &generator) ?? "").utf8)
                } else {
                    text.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            #expect(InfoReport(text: text).text == text)
        }
    }
}

@Suite struct `Requests to instances` {
    private func bytes(_ request: SentinelCore.Request, renamed: [RenamedCommand] = []) -> String {
        var encoder = Encoder()
        _ = OutgoingRequest(request, renamed: renamed, into: &encoder)
        return String(decoding: encoder.bytes, as: UTF8.self)
    }

    /// Source: spec/monitoring.md 8, Transaction.
    @Test func `the promotion is a transaction of six commands`() {
        var encoder = Encoder()
        let outgoing = OutgoingRequest(.replicate(nil, isBare: false), renamed: [], into: &encoder)
        #expect(outgoing.replies == 6)
        #expect(
            String(decoding: encoder.bytes, as: UTF8.self)
                == "*1\r\n$5\r\nMULTI\r\n*3\r\n$7\r\nSLAVEOF\r\n$2\r\nNO\r\n$3\r\nONE\r\n"
                + "*2\r\n$6\r\nCONFIG\r\n$7\r\nREWRITE\r\n*4\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$4\r\nTYPE\r\n$6\r\nnormal\r\n"
                + "*4\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$4\r\nTYPE\r\n$6\r\npubsub\r\n*1\r\n$4\r\nEXEC\r\n")
    }

    /// Source: spec/monitoring.md 3, rename-command.
    @Test func `renamed commands go out under their other name`() {
        let renamed = [RenamedCommand(command: "ping", name: "hushed-ping")]
        #expect(bytes(.ping, renamed: renamed) == "*1\r\n$11\r\nhushed-ping\r\n")
        #expect(bytes(.info, renamed: renamed) == "*1\r\n$4\r\nINFO\r\n")
    }

    /// Source: spec/monitoring.md 3.2.
    @Test(arguments: [
        (Value.simple("PONG"), PingReply.pong), (.simple("PONGxyz"), .pong), (.bulk("PONG"), .refused),
        (.error("LOADING x"), .notReady), (.error("MASTERDOWN x"), .notReady), (.error("BUSY x"), .busy),
        (.error("NOAUTH x"), .unauthenticated), (.error("NOPERM x"), .forbidden), (.error("ERR x"), .refused),
        (.integer(1), .refused), (.array([]), .refused),
    ])
    func `answers to PING are told apart by their first word`(value: Value, reply: PingReply) {
        #expect(Reply(value, to: .ping) == .ping(reply))
    }

    /// Source: spec/monitoring.md 4.1.
    @Test func `an opinion is an integer, a bulk and an integer`() {
        let leader = String(repeating: "b", count: 40)
        #expect(
            Reply(.array([.integer(1), .bulk(leader), .integer(3)]), to: .isMasterDown)
                == .opinion(Opinion(isDown: true, vote: Vote(candidate: RunID(heard: leader), epoch: Epoch(3)))))
        #expect(
            Reply(.array([.integer(0), .bulk("*"), .integer(0)]), to: .isMasterDown)
                == .opinion(Opinion(isDown: false, vote: nil)))
        for bad in [
            Value.error("ERR"), .array([]), .array([.integer(1), .integer(1), .integer(1)]),
            .array([.integer(1), .bulk(leader), .integer(-1)]), .null,
        ] {
            #expect(Reply(bad, to: .isMasterDown) == .malformed(to: .isMasterDown))
        }
    }
}

/// Source: spec/commands.md 6.
@Suite struct `Requests of clients` {
    private func parse(_ words: String...) -> String {
        let request = RESP.Request(words.map { Array($0.utf8) })
        let names = [MasterName("a1"), MasterName("a2"), MasterName("b")]
        let context = CommandContext(
            masterNames: { names }, isWatched: { names.contains($0) }, timing: Timing(),
            deniesScriptReconfiguration: true, isExecutable: { _ in true })
        guard let row = SentinelSubcommand.named(request.text(1)) else { return "unknown" }
        return switch row.parse(request, { context }) {
        case .command(let command): "\(command)"
        case .refused(let text): text.description
        case .reloadCertificates: "reload certificates"
        }
    }

    @Test func `are refused with the original's words`() {
        #expect(parse("sentinel", "monitor", "m", "127.0.0.1", "6379", "x") == "ERR Invalid quorum")
        #expect(parse("sentinel", "monitor", "m", "127.0.0.1", "x", "2") == "ERR Invalid port")
        #expect(parse("sentinel", "monitor", "m", "127.0.0.1", "6379", "0") == "ERR Quorum must be 1 or greater.")
        #expect(
            parse("sentinel", "set", "b", "quorum", "01") == "ERR Invalid argument '01' for SENTINEL SET 'quorum'")
        #expect(
            parse("sentinel", "set", "b", "Foo", "1")
                == "ERR Unknown option or number of arguments for SENTINEL SET 'Foo'")
        #expect(
            parse("sentinel", "is-master-down-by-addr", "127.0.0.1", "6379", "-1", "*")
                == "ERR value is not an integer or out of range")
        #expect(parse("sentinel", "simulate-failure", "x") == "ERR Unknown failure simulation specified")
        #expect(parse("sentinel", "nothing") == "unknown")
        #expect(
            parse("sentinel", "debug", "info-period", "0")
                == "ERR Invalid argument '0' for SENTINEL DEBUG 'info-period'")
    }

    /// Peers would drop each hello, for its words stand between commas.
    @Test(arguments: ["10.0.0.1,x", "10.0.0.1 ", "a\tb", "a\u{7f}", ","])
    func `to announce what hellos can't hold are refused`(host: String) {
        #expect(
            parse("sentinel", "config", "set", "announce-ip", host)
                == "ERR Invalid value '\(host)' to SENTINEL CONFIG SET 'announce-ip'")
    }

    @Test func `to read certificates again is an order of its own`() {
        #expect(parse("sentinel", "config", "set", "TLS-RELOAD", "now") == "reload certificates")
        #expect(
            parse("sentinel", "config", "set", "tls-reload", "later")
                == "ERR Invalid argument 'tls-reload' to SENTINEL CONFIG SET")
        #expect(
            parse("sentinel", "config", "set", "tls-reload", "now", "loglevel", "debug")
                == "ERR Invalid argument 'tls-reload' to SENTINEL CONFIG SET")
    }

    @Test func `name the master before its options are looked at`() {
        #expect(parse("sentinel", "set", "nobody", "Foo", "1") == "ERR No such master with that name")
    }

    @Test func `a pattern picks the masters to reset`() {
        #expect(parse("sentinel", "reset", "a?").contains("a2"))
        #expect(!parse("sentinel", "reset", "a?").contains("\"b\""))
    }

    @Test func `passwords don't show in what is said of a change`() {
        #expect(!parse("sentinel", "set", "b", "auth-pass", "hunter2").contains("hunter2"))
    }
}

/// Source: Debian's redis-server 7.0.15 asked; RESP3 specification.
@Suite struct `Replies about a shared connection` {
    private func reply(_ value: Value, to kind: RequestKind) -> Reply { Reply(value, to: kind) }
    private func greeting(_ proto: Value) -> Value {
        .map([.init(.bulk("server"), .bulk("redis")), .init(.bulk("proto"), proto)])
    }

    @Test func `agree to RESP3 with a map that says so`() {
        #expect(reply(greeting(.integer(3)), to: .speakRESP3) == .protocolAgreed(isRESP3: true))
    }

    @Test(
        arguments: [
            .error("ERR unknown command 'HELLO'"), .error("NOPROTO unsupported protocol version"),
            .error("NOAUTH HELLO must be called with the client already authenticated"), .simple("OK"), .null,
            .array([.bulk("proto"), .integer(3)]), .map([]), .map([.init(.bulk("proto"), .integer(2))]),
            .map([.init(.bulk("proto"), .bulk("3"))]),
        ] as [Value])
    func `refuse it with anything else`(value: Value) {
        #expect(reply(value, to: .speakRESP3) == .protocolAgreed(isRESP3: false))
    }

    @Test func `confirm a subscription with a push, refuse it with an error, and are lost otherwise`() {
        let confirmation: [Value] = [.bulk("subscribe"), .bulk(Hello.channel), .integer(1)]
        #expect(reply(.push(confirmation), to: .subscribe) == .subscribed(true))
        #expect(reply(.error("NOPERM no channel"), to: .subscribe) == .subscribed(false))
        #expect(reply(.blobError(Array("NOPERM no channel".utf8)), to: .subscribe) == .subscribed(false))
        #expect(reply(.array(confirmation), to: .subscribe) == .malformed(to: .subscribe))
        #expect(reply(.simple("PONG"), to: .subscribe) == .malformed(to: .subscribe))
    }

    @Test func `mean the same in RESP3 as before it`() {
        let text = Array("role:master\r\n".utf8)
        #expect(reply(.verbatim(text, format: Array("txt".utf8)), to: .info) == reply(.bulk(text), to: .info))
        #expect(reply(.simple("PONG"), to: .ping) == .ping(.pong))
        #expect(reply(.null, to: .replicate) == .replicated(false))
        #expect(
            reply(.array([.simple("OK"), .error("ERR"), .integer(0), .integer(0)]), to: .replicate) == .replicated(true)
        )
        #expect(reply(.blobError(Array("NOPERM".utf8)), to: .hello) == .published(false))
    }

    @Test func `an order that is refused within its transaction is refused`() {
        #expect(
            reply(.array([.error("ERR"), .simple("OK"), .integer(0), .integer(0)]), to: .replicate)
                == .replicated(false))
    }
}
