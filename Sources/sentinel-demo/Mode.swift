// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// What the arguments ask for. The demo starts itself in the last two roles.
enum Mode {
    case help
    case wrong(String)
    case demo(keepsRunning: Bool)
    case dataNode(SocketAddress, master: (host: String, port: UInt16)?)
    case guardian(directory: String)

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
        case "--data-node": self = Self.dataNode(words)
        case "--guardian" where words.count == 2: self = .guardian(directory: words[1])
        case .some(let word): self = .wrong("did not expect \(words.count == 1 ? word : words.joined(separator: " "))")
        }
    }

    /// `--data-node PORT [--replica-of HOST PORT]`
    private static func dataNode(_ words: [String]) -> Mode {
        guard words.count >= 2, let port = UInt16(words[1]),
            let address = SocketAddress(numericHost: "127.0.0.1", port: port)
        else { return .wrong("--data-node needs a port") }
        if words.count == 2 { return .dataNode(address, master: nil) }
        guard words.count == 5, words[2] == "--replica-of", let masterPort = UInt16(words[4]) else {
            return .wrong("--data-node PORT [--replica-of HOST PORT]")
        }
        return .dataNode(address, master: (words[3], masterPort))
    }
}
