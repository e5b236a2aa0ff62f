// SPDX-License-Identifier: Apache-2.0

/// What the arguments ask for.
enum Mode {
    case help
    case wrong(String)
    case demo(keepsRunning: Bool)

    static let usage = """
        Usage: sentinel-demo [--keep]

        Starts a master, two replicas and three sentinels on free ports of this machine, kills the master, and shows
        how the sentinels put a replica in its place and what becomes of the old master. Takes about ten seconds.

        The servers are redis-server or valkey-server if one is on the PATH, else small nodes this program brings.
        The sentinels are the redis-sentinel beside this program.

          --keep   leave everything running at the end, until Ctrl-C
          --help   this text

        Environment:
          SENTINEL_DEMO_SENTINEL   another sentinel program to show
          SENTINEL_DEMO_SERVER     another server program, or "embedded"
          NO_COLOR                 no colours
        """

    init(_ arguments: ArraySlice<String>) {
        let words = Array(arguments)
        switch words.first {
        case nil: self = .demo(keepsRunning: false)
        case "--keep" where words.count == 1: self = .demo(keepsRunning: true)
        case "--help" where words.count == 1, "-h" where words.count == 1: self = .help
        case .some(let word): self = .wrong("did not expect \(words.count == 1 ? word : words.joined(separator: " "))")
        }
    }
}
