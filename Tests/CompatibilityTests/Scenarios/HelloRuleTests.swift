// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension Rules {
    /// - Source: spec/monitoring.md 6 (hellos).
    @Suite(.serialized) struct Hellos {
        private static let id = String(repeating: "b", count: 40)

        /// A hello of a sentinel that does not exist.
        private func hello(
            port: Int, id: String = Self.id, epoch: Int = 0, master: UInt16, configEpoch: Int = 0,
            host: String = "127.0.0.1"
        ) -> String {
            "\(host),\(port),\(id),\(epoch),mymaster,127.0.0.1,\(master),\(configEpoch)"
        }

        private func say(_ hello: String, to sentinel: SentinelServer) throws {
            #expect(try sentinel.ask("PUBLISH", "__sentinel__:hello", hello) == .integer(1))
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `hellos go to every node in their period, with the address that is announced`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let group = try stage.group(replicas: 1)
                let listeners = try group.servers.map {
                    try Subscription(port: $0.port, channels: ["__sentinel__:hello"])
                }
                let sentinel = try stage.sentinel(
                    program, watching: group.servers[0].port,
                    options: SentinelServer.alone(lines: [
                        "sentinel announce-ip 127.0.0.9", "sentinel announce-port 12345",
                    ]), debug: ["PUBLISH-PERIOD", "250", "INFO-PERIOD", "250"])
                let expected = "127.0.0.9,12345,\(try sentinel.myID()),0,mymaster,127.0.0.1,\(group.servers[0].port),0"
                for listener in listeners {
                    for _ in 0..<3 { try listener.collect(within: .seconds(10)) { _ in true } }
                    #expect(Set(listener.messages.map(\.payload)) == [expected])
                }
                // Changed while it runs, it is told with the next.
                let set = try sentinel.ask("SENTINEL", "CONFIG", "SET", "announce-port", "12346")
                #expect(set == .simple("OK"))
                try listeners[1].collect(within: .seconds(10)) { $0.payload.hasPrefix("127.0.0.9,12346,") }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a sentinel is met, moves, and gives up its place to another, each with its event`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let sentinel = try stage.sentinel(program, watching: node.port, options: SentinelServer.alone())
                let other = String(repeating: "c", count: 40)
                let master = "mymaster 127.0.0.1 \(node.port)"
                try say(hello(port: 1001, master: node.port), to: sentinel)
                #expect(
                    try sentinel.awaitEvent("+sentinel").payload == "sentinel \(Self.id) 127.0.0.1 1001 @ \(master)")
                try say(hello(port: 1002, master: node.port), to: sentinel)
                let moved = try sentinel.awaitEvent("+sentinel-address-switch").payload
                #expect(moved == "master \(master) ip 127.0.0.1 port 1002 for \(Self.id)")
                try say(hello(port: 1002, id: other, master: node.port), to: sentinel)
                let dropped = try sentinel.awaitEvent("+sentinel-invalid-addr").payload
                #expect(dropped == "sentinel \(Self.id) 127.0.0.1 1002 @ \(master)")
                #expect(try sentinel.peers("mymaster").map { $0["runid"] } == [other])
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a sentinel that moved is found at its new address under all masters`(program: SentinelProgram) throws {
            try withStage { stage in
                let nodes = try (0..<2).map { _ in try stage.dataServer() }
                let sentinel = try stage.sentinel(program, watching: nodes[0].port, options: SentinelServer.alone())
                _ = try sentinel.ask("SENTINEL", "MONITOR", "second", "127.0.0.1", "\(nodes[1].port)", "1")
                try say(hello(port: 1001, master: nodes[0].port), to: sentinel)
                try say("127.0.0.1,1001,\(Self.id),0,second,127.0.0.1,\(nodes[1].port),0", to: sentinel)
                try say(hello(port: 1002, master: nodes[0].port), to: sentinel)
                let update = try sentinel.awaitEvent("+sentinel-address-update").payload
                #expect(update.hasSuffix(" 1 additional matching instances"))
                #expect(try sentinel.peers("second").map { $0["port"] } == ["1002"])
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a newer configuration is adopted, an older one is not`(program: SentinelProgram) throws {
            try withStage { stage in
                let group = try stage.group(replicas: 1)
                let (old, new) = (group.servers[0].port, group.servers[1].port)
                let sentinel = try stage.sentinel(
                    program, watching: old, options: SentinelServer.alone(), debug: ["INFO-PERIOD", "300"])
                try sentinel.awaitReplicas(1)
                try say(hello(port: 1001, epoch: 5, master: new, configEpoch: 5), to: sentinel)
                #expect(try sentinel.awaitEvent("+new-epoch").payload == "5")
                let from = try sentinel.awaitEvent("+config-update-from").payload
                #expect(from == "sentinel \(Self.id) 127.0.0.1 1001 @ mymaster 127.0.0.1 \(old)")
                let switched = try sentinel.awaitEvent("+switch-master").payload
                #expect(switched == "mymaster 127.0.0.1 \(old) 127.0.0.1 \(new)")
                try say(hello(port: 1001, epoch: 5, master: old, configEpoch: 4), to: sentinel)
                #expect(try sentinel.masterPort("mymaster") == new)
                #expect(try sentinel.master("mymaster")["config-epoch"] == "5")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `what can't be is dropped and counted, and costs nobody his place`() throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let sentinel = try stage.sentinel(.ours, watching: node.port, options: SentinelServer.alone())
                try say(hello(port: 1001, master: node.port), to: sentinel)
                let ownID = try sentinel.myID()
                for (payload, counter) in [
                    ("a,b,c", "malformed"), ("\(hello(port: 1, master: node.port)),9", "malformed"),
                    (hello(port: 65_536, master: node.port), "malformed"),
                    (hello(port: -1, master: node.port), "malformed"),
                    (
                        hello(port: 1001, master: node.port).replacingOccurrences(of: ",0,mym", with: ",-1,mym"),
                        "malformed"
                    ),
                    (hello(port: 1001, epoch: .max, master: node.port), "malformed"),
                    (hello(port: 1001, master: node.port, configEpoch: .max), "malformed"),
                    (hello(port: 1001, id: "", master: node.port), "malformed"),
                    (
                        hello(port: 1001, master: node.port).replacingOccurrences(of: "mymaster", with: "nobody"),
                        "foreign"
                    ),
                    (hello(port: 0, master: node.port), "rejected"),
                    (hello(port: 1001, master: node.port, host: "a-name"), "rejected"),
                    (hello(port: 1001, master: 0, configEpoch: 9), "rejected"),
                    (hello(port: 1001, id: ownID, master: node.port), "impostor"),
                ] {
                    let before = try sentinel.ignoredHellos(counter)
                    try say(payload, to: sentinel)
                    #expect(try sentinel.ignoredHellos(counter) == before + 1, "\(payload)")
                }
                #expect(try sentinel.masterPort("mymaster") == node.port)
                #expect(try sentinel.master("mymaster")["config-epoch"] == "0")
                #expect(
                    try sentinel.peers("mymaster").map { "\($0["runid"] ?? "") \($0["port"] ?? "")" } == [
                        "\(Self.id) 1001"
                    ])
            }
        }
    }
}

extension SentinelServer {
    /// A counter of INFO's section Internals.
    fileprivate func ignoredHellos(_ kind: String) throws -> Int { try internals("ignored_hellos_\(kind)") }

    func internals(_ name: String) throws -> Int {
        let lines = (try ask("INFO", "internals").text ?? "").split(whereSeparator: \.isNewline)
        let line = lines.first { $0.hasPrefix("\(name):") }
        return line.flatMap { Int($0.dropFirst(name.utf8.count + 1)) } ?? -1
    }
}
