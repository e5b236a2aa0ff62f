// SPDX-License-Identifier: Apache-2.0

import DataNode
import EventLoop

/// What this program can be asked to be.
enum Stage {
    /// Kept for the life of the process.
    private static var demo: Demo?
    private static var node: DataNode?
    private static var signals: [SignalSource] = []

    /// The demo itself.
    static func play(isKept: Bool) {
        do throws(SystemError) {
            let demo = Demo(try Cast(), isKept: isKept) { leave($0) }
            self.demo = demo
            for signal in [ProcessFacts.interrupt, ProcessFacts.terminate] {
                signals.append(SignalSource(signal) { leave(isKept ? 0 : 130) })
            }
            demo.start()
        } catch {
            ProcessFacts.complain(Array("The demo failed: \(error)\n".utf8))
            ProcessFacts.exit(1)
        }
    }

    private static func leave(_ code: Int32) {
        demo?.end()
        ProcessFacts.exit(code)
    }

    /// The cleaner: `PARENT DIRECTORY`.
    static func runCleaner(_ words: [String]) {
        guard words.count == 2, let parent = Int32(words[0]) else { ProcessFacts.exit(2) }
        Cleaner.run(parent: parent, words[1])
    }

    /// A data node: `--port P [--replica-of HOST PORT]`.
    static func runDataNode(_ words: [String]) {
        guard words.count >= 2, let port = UInt16(words[1]),
            let address = SocketAddress(numericHost: "127.0.0.1", port: port)
        else { ProcessFacts.exit(2) }
        var master: (host: String, port: UInt16)?
        if words.count == 5, let masterPort = UInt16(words[4]) { master = (words[3], masterPort) }
        do throws(SystemError) {
            node = try DataNode(on: address, replicaOf: master)
        } catch {
            ProcessFacts.complain(Array("data node: \(error)\n".utf8))
            ProcessFacts.exit(1)
        }
    }
}
