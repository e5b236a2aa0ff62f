// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The demo a newcomer runs first, with real servers and with the data nodes that the package brings.
    @Suite struct Demo {
        @Test(.timeLimit(.minutes(3)), arguments: [true, false])
        func `shows a failover from start to end and leaves nothing behind`(hasServers: Bool) throws {
            try withTemporaryDirectory { directory in
                let demo = Process()
                demo.executableURL = URL(fileURLWithPath: try Programs.built("sentinel-demo"))
                var environment = ProcessInfo.processInfo.environment
                if !hasServers { environment["PATH"] = directory }
                environment["TMPDIR"] = directory
                demo.environment = environment
                let output = Pipe()
                demo.standardOutput = output
                try demo.run()
                Guardian.shared.watch(demo.processIdentifier)
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                demo.waitUntilExit()
                #expect(demo.terminationStatus == 0)
                #expect(text.contains(hasServers ? "/redis-server" : "embedded data nodes"))
                let parts = [
                    "+odown ", "+promoted-slave", "first write accepted", "+switch-master", "+convert-to-slave",
                ]
                for part in parts {
                    #expect(text.contains(part), "\(part) is missing in:\n\(text)")
                }
                #expect(!text.contains("\u{1B}"), "plain text when it is piped")
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
            }
        }
    }
}
