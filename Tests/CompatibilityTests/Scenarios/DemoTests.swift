// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The demo a newcomer runs first, with real servers and with the data nodes that the package brings.
    @Suite struct Demo {
        @Test(.timeLimit(.minutes(3)), arguments: [true, false])
        func `shows a failover from start to end and leaves nothing behind`(hasServers: Bool) throws {
            try withTemporaryDirectory { directory in
                let temporary = "\(directory)/temporary"
                try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
                let variables = ["TMPDIR=\(temporary)"] + (hasServers ? [] : ["PATH=\(temporary)"])
                let demo = try ServerProcess(
                    name: "demo", directory: "\(directory)/output", executable: Programs.installed("env"),
                    arguments: variables + [try Programs.built("sentinel-demo")])
                defer { demo.end() }
                try demo.start()
                #expect(try demo.waitForExit(within: .seconds(150)) == 0)
                let text = demo.log()
                #expect(text.contains(hasServers ? "/redis-server" : "embedded data nodes"))
                let parts = [
                    "+odown ", "+promoted-slave", "first write accepted", "+switch-master", "+convert-to-slave",
                ]
                for part in parts {
                    #expect(text.contains(part), "\(part) is missing in:\n\(text)")
                }
                #expect(!text.contains("\u{1B}"), "plain text when it is piped")
                #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
            }
        }
    }
}
