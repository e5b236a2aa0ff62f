// SPDX-License-Identifier: Apache-2.0

/// What the arguments ask for.
struct Options {
    /// Why nothing is measured.
    enum Problem: Error {
        case helpWanted
        case wrong(String)
    }

    enum Scenario: String, CaseIterable {
        case failover, scale, throughput, idle, pubsub, rewrite

        /// What `--runs` is if it is not given.
        var usualRuns: Int { self == .failover ? 20 : self == .scale ? 1 : 3 }
        /// What the number behind the scenario's name is if it is not given; `nil` if there is none.
        var usualSize: Int? {
            switch self {
            case .scale: 1000
            case .idle: 5000
            case .failover, .throughput, .pubsub, .rewrite: nil
            }
        }
    }

    let scenario: Scenario
    /// Groups of `scale`, clients of `idle`.
    var size = 0
    var runs = 0
    var isJSON = false
    var isOursOnly = false
    var isSecure = false
    /// Paths given in place of what is found.
    var ours: String?
    var original: String?
    var server: String?
    /// More for the configuration of ours.
    var line: String?

    var sentinels = 3
    var quorum = 2
    var replicas = 2
    var downAfterMilliseconds = 1000
    var seconds = 3
    var groups = 1000
    var subscribers = 100
    var limitSeconds = 120

    static let usage = """
        Usage: sentinel-benchmark SCENARIO [options]

        Measures the redis-sentinel beside this program, and for comparison the one on the PATH where there is one.
        All processes it starts listen on free loopback ports, live in a temporary directory and end with it.

          failover         kills masters; how long until the next step, the first write, everybody's agreement
          scale [GROUPS]   many groups (1000): discovery, cost at rest, and all masters lost at once
          throughput       requests per second, CPU per request
          idle [CLIENTS]   memory per idle client (5000)
          pubsub           events per second to many subscribers
          rewrite          changes per second made durable

          --runs N             times everything is measured: 20 for failover, 1 for scale, 3 otherwise
          --json               JSON in place of tables
          --ours-only          leave the program on the PATH alone
          --sentinel PATH      measure this program
          --original PATH      compare with this program
          --line TEXT          a line more in the configuration of ours
          --server PATH        data servers for failover; "embedded" for small nodes this program brings

          --sentinels N        failover, scale: sentinels (3)
          --quorum N           failover, scale: how many have to agree (2)
          --replicas N         failover: replicas of the master (2)
          --down-after MS      failover (1000), scale (5000): down-after-milliseconds
          --limit SECONDS      scale: how long to wait for each step (120)
          --seconds N          throughput, rewrite: how long each load lasts (3)
          --groups N           throughput: groups for SENTINEL MASTERS (1000)
          --tls                throughput: over TLS, with certificates made by the openssl program
          --subscribers N      pubsub: subscribers (100)
        """

    init(_ arguments: [String]) throws(Problem) {
        guard let first = arguments.first, first != "--help", first != "-h" else { throw .helpWanted }
        guard let scenario = Scenario(rawValue: first) else { throw .wrong("there is no scenario \(first)") }
        self.scenario = scenario
        runs = scenario.usualRuns
        size = scenario.usualSize ?? 0
        if scenario == .scale { downAfterMilliseconds = 5000 }
        var rest = arguments.dropFirst()
        if scenario.usualSize != nil, let word = rest.first, !word.hasPrefix("-") {
            size = try Self.number(word, of: first, in: 1...20_000)
            rest = rest.dropFirst()
        }
        while let name = rest.popFirst() {
            switch name {
            case "--help", "-h": throw .helpWanted
            case "--json": isJSON = true
            case "--ours-only": isOursOnly = true
            case "--tls": isSecure = true
            default: try read(name, rest.popFirst())
            }
        }
        guard !isSecure || scenario == .throughput else { throw .wrong("--tls is for throughput") }
        guard quorum <= sentinels else { throw .wrong("a quorum of \(quorum) of \(sentinels) sentinels") }
    }

    /// Reads an option that has a value.
    private mutating func read(_ name: String, _ value: String?) throws(Problem) {
        func number(_ range: ClosedRange<Int>) throws(Problem) -> Int {
            try Self.number(value ?? "", of: name, in: range)
        }
        switch name {
        case "--runs": runs = try number(1...1000)
        case "--sentinel": ours = try Self.text(value, of: name)
        case "--original": original = try Self.text(value, of: name)
        case "--line": line = try Self.text(value, of: name)
        case "--server": server = try Self.text(value, of: name)
        case "--sentinels": sentinels = try number(1...15)
        case "--quorum": quorum = try number(1...15)
        case "--replicas": replicas = try number(1...10)
        case "--down-after": downAfterMilliseconds = try number(50...600_000)
        case "--limit": limitSeconds = try number(1...3600)
        case "--seconds": seconds = try number(1...600)
        case "--groups": groups = try number(1...10_000)
        case "--subscribers": subscribers = try number(1...5000)
        default: throw .wrong("there is no option \(name)")
        }
    }

    private static func text(_ value: String?, of name: String) throws(Problem) -> String {
        guard let value, !value.isEmpty else { throw .wrong("\(name) needs a value") }
        return value
    }

    private static func number(_ text: String, of name: String, in range: ClosedRange<Int>) throws(Problem) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw .wrong("\(name) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
