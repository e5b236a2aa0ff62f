// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// Clients that ask without end keep the sentinel from nothing else: each turn of the loop serves everything.
    ///
    /// The load takes a processor and more, which other tests would miss.
    @Suite struct `A busy port` {
        @Test(.timeLimit(.minutes(1)))
        func `a port under load hides neither a master that lives nor one that died`() throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let sentinel = try stage.sentinel(
                    .ours, watching: node.port, options: SentinelServer.alone(downAfter: .seconds(4)))
                try eventually("it is watched", within: .seconds(10)) { try sentinel.flags() == ["master"] }
                let load = try ServerProcess(
                    name: "load", directory: "\(stage.directory)/load",
                    executable: Programs.installed("redis-benchmark"),
                    arguments: [
                        "-p", "\(sentinel.port)", "-c", "50", "-P", "64", "-n", "2000000000", "-q", "PING",
                    ])
                defer { load.end() }
                try load.start()

                // The sentinel answers by the hundred thousand, and its own requests are sent and answered among them.
                try eventually("there is load", within: .seconds(30)) {
                    let info = try sentinel.ask(["INFO", "stats"], within: .seconds(10)).text ?? ""
                    let count = info.split(separator: "\r\n").first { $0.hasPrefix("total_commands_processed:") }
                    return (count.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? 0) > 100_000
                }
                #expect(try sentinel.flags() == ["master"])
                #expect(!sentinel.events().contains { $0.name == "+sdown" || $0.name == "+tilt" })

                node.process.kill()
                try eventually("the master is down", within: .seconds(20)) {
                    try sentinel.flags().contains("s_down")
                }
                #expect(!sentinel.events().contains { $0.name == "+tilt" })
            }
        }
    }
}
