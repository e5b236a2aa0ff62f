// SPDX-License-Identifier: Apache-2.0

import SentinelSimulation

let outcome = Simulation.run(seed: UInt64(CommandLine.arguments.last ?? "1") ?? 1, trace: { print($0) })
print(outcome)
