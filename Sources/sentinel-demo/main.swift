// SPDX-License-Identifier: Apache-2.0

import Dispatch
import EventLoop
import SentinelServer

private let usage = """
    Usage: sentinel-demo [--keep]

    Starts one master, two replicas and three sentinels on free loopback ports, kills the master, shows the failover as
    it happens, brings the old master back and shows it demoted. With --keep all of it runs on until Ctrl-C.

    """

/// The demo's own processes are this program again, with these first words.
switch CommandLine.arguments.dropFirst().first {
case nil, "--keep": Stage.play(isKept: CommandLine.arguments.contains("--keep"))
case "--cleaner": Stage.runCleaner(Array(CommandLine.arguments.dropFirst(2)))
case "--sentinel": Launch.run(["redis-sentinel"] + CommandLine.arguments.dropFirst(2))
case "--data-node": Stage.runDataNode(Array(CommandLine.arguments.dropFirst(2)))
case "--help", "-h":
    ProcessFacts.show(usage)
default:
    ProcessFacts.complain(Array(usage.utf8))
    ProcessFacts.exit(1)
}
dispatchMain()
