// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

if let role = HelperRole(Array(CommandLine.arguments.dropFirst())) {
    role.play()
} else {
    switch Mode(CommandLine.arguments.dropFirst()) {
    case .help:
        Console.line(Mode.usage)
        ProcessFacts.exit(0)
    case .wrong(let problem):
        Console.error("sentinel-demo: \(problem)\n\n\(Mode.usage)")
        ProcessFacts.exit(2)
    case .demo(let keepsRunning):
        let demo = Demo(keepsRunning: keepsRunning)
        OwnProcess.keepForever(demo)
        demo.start()
    }
}
MainLoop.run()
