// SPDX-License-Identifier: Apache-2.0

import Testing

extension Rules {
    /// The only name that every machine can resolve is `localhost`; moves of names are shown in SentinelCoreTests.
    ///
    /// - Source: spec/monitoring.md 9b (hostnames); spec/defects.md 24, 29.
    @Suite(.serialized) struct Names {
        @Test(.timeLimit(.minutes(2)), arguments: [true, false])
        func `a group watched by name fails over, and is told of by name or address`(announces: Bool) throws {
            try withStage { stage in
                let master = try stage.dataServer("mymaster")
                let replicas = try (0..<2).map {
                    try stage.dataServer(
                        "replica\($0)", replicating: master.port, lines: ["replica-announce-ip localhost"])
                }
                var options = SentinelOptions(quorum: 2, downAfter: .milliseconds(700), host: "localhost")
                options.lines = [
                    "sentinel resolve-hostnames yes", "sentinel announce-hostnames \(announces ? "yes" : "no")",
                    "sentinel announce-ip localhost",
                ]
                let sentinels = try (0..<2).map { _ in
                    try stage.sentinel(
                        .ours, watching: master.port, options: options,
                        debug: ["INFO-PERIOD", "300", "PUBLISH-PERIOD", "250"])
                }
                let host = announces ? "localhost" : "127.0.0.1"
                for sentinel in sentinels {
                    try sentinel.awaitReplicas(2)
                    try eventually("\(sentinel.name) knows the other", within: .seconds(10)) {
                        try sentinel.peers("mymaster").map { "\($0["ip"] ?? "") \($0["flags"] ?? "")" }
                    } until: {
                        $0 == ["\(host) sentinel"]
                    }
                    #expect(Set(try sentinel.replicas("mymaster").map { $0["ip"] }) == [host])
                    let monitored = try sentinel.ask(
                        "SENTINEL", "MONITOR", "second", "localhost", "\(master.port)", "2")
                    #expect(monitored == .simple("OK"))
                    let refused = try sentinel.ask("SENTINEL", "MONITOR", "third", "no.such.name.invalid", "1", "2")
                    #expect(refused == .error("ERR Invalid IP address or hostname specified"))
                    #expect(try sentinel.ask("SENTINEL", "REMOVE", "second") == .simple("OK"))
                }
                master.process.kill()
                for sentinel in sentinels {
                    let switched = try sentinel.awaitEvent("+switch-master").payload.split(separator: " ").map(
                        String.init)
                    #expect(switched[1] == host && switched[3] == host)
                    #expect(replicas.map { "\($0.port)" }.contains(switched[4]))
                    let answer = try sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").items
                    #expect(answer == [.bulk(host), .bulk(switched[4])])
                    let line = "sentinel monitor mymaster \(host) \(switched[4]) 2"
                    // A number takes the name's place there when it was given for 10 seconds; names are asked about as
                    // often.
                    try eventually("the file names it", within: .seconds(30)) {
                        sentinel.configurationText.contains(line)
                    }
                    #expect(!sentinel.eventNames.contains("+tilt"))
                    #expect(!sentinel.eventNames.contains("+sentinel-address-switch"))
                }
                try master.restart()
                try sentinels[0].awaitReplicas(2)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `without resolve-hostnames a name is refused`() throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let sentinel = try stage.sentinel(.ours, watching: node.port, options: SentinelServer.alone())
                let refused = try sentinel.ask("SENTINEL", "MONITOR", "second", "localhost", "\(node.port)", "1")
                #expect(refused == .error("ERR Invalid IP address or hostname specified"))
                let set = try sentinel.ask("SENTINEL", "CONFIG", "SET", "resolve-hostnames", "yes")
                #expect(set == .simple("OK"))
                #expect(
                    try sentinel.ask("SENTINEL", "MONITOR", "second", "localhost", "\(node.port)", "1") == .simple("OK")
                )
                try eventually("it is watched", within: .seconds(10)) { try sentinel.flags("second") == ["master"] }
            }
        }
    }
}
