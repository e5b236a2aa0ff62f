// SPDX-License-Identifier: Apache-2.0

import DataNode
import Dispatch
import EventLoop

let mode = Mode(CommandLine.arguments.dropFirst())

switch mode {
case .help:
    Console.line(Mode.usage)
    ProcessFacts.exit(0)
case .wrong(let problem):
    Console.error("sentinel-demo: \(problem)\n\n\(Mode.usage)")
    ProcessFacts.exit(2)
case .dataNode(let address, let master):
    do throws(SystemError) {
        let node = try DataNode(on: address, replicaOf: master)
        Process.keepForever(node)
    } catch {
        Console.error("cannot listen on \(address): \(error)")
        ProcessFacts.exit(1)
    }
case .guardian(let directory):
    Process.keepForever(Guardian(of: directory))
case .demo(let keepsRunning):
    let demo = Demo(keepsRunning: keepsRunning)
    Process.keepForever(demo)
    demo.start()
}
dispatchMain()
