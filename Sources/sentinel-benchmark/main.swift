// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

let arguments = Array(CommandLine.arguments.dropFirst())
if let role = HelperRole(arguments) {
    role.play()
} else {
    do throws(Options.Problem) {
        let benchmark = try Benchmark(Options(arguments))
        OwnProcess.keepForever(benchmark)
        benchmark.start()
    } catch {
        switch error {
        case .helpWanted:
            Console.line(Options.usage)
            ProcessFacts.exit(0)
        case .wrong(let problem):
            Console.error("sentinel-benchmark: \(problem)\n\n\(Options.usage)")
            ProcessFacts.exit(2)
        }
    }
}
MainLoop.run()
