// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A sentinel, ours or the original, with the questions the tests ask it.
final class SentinelServer: Server {
    private(set) var program: SentinelProgram

    /// - Parameter executable: What is run in the program's place, and becomes it.
    init(
        name: String, directory: String, program: SentinelProgram, monitoring: [(name: String, port: UInt16)],
        options: SentinelOptions, security: Security? = nil, executable: String? = nil
    ) throws {
        self.program = program
        try super.init(
            name: "\(name)-\(program)", directory: directory, executable: executable ?? program.path(),
            password: options.password, security: security
        ) { port in
            var lines = [
                Security.portLines(port, security), "bind 127.0.0.1", "dir \(directory)/\(name)-\(program)-\(port)",
            ]
            lines += options.lines
            for master in monitoring {
                lines += [
                    "sentinel monitor \(master.name) \(options.host) \(master.port) \(options.quorum)",
                    "sentinel down-after-milliseconds \(master.name) \(options.downAfter.milliseconds)",
                    "sentinel failover-timeout \(master.name) \(options.failoverTimeout.milliseconds)",
                ]
                lines += options.masterLines.map { "sentinel \($0.word) \(master.name) \($0.rest)" }
                if let password = options.password { lines.append("sentinel auth-pass \(master.name) \(password)") }
            }
            if let password = options.password { lines.append("requirepass \(password)") }
            return lines.joined(separator: "\n") + "\n"
        }
    }

    /// Shortens the periods that only cost the tests time, as an operator may; not remembered over a restart.
    ///
    /// A sentinel without `SENTINEL DEBUG` keeps its standard periods and the tests take longer.
    ///
    /// The original needs the shorter ping period for another reason. An observer that adopts a new master reuses the
    /// link to the old one, and with it the wait of one ping period since the last attempt to connect. With down-after
    /// equal to the ping period the new master is sometimes down before it was ever asked, and a second failover
    /// follows (observed).
    /// Ours keeps the standard period: it has to manage.
    ///
    /// Four hello periods, after which a stray master is demoted, must outlast a promotion that the original leads: it
    /// sees one with its INFO of each second.
    func shortenPeriods() throws {
        var words = ["SENTINEL", "DEBUG", "INFO-PERIOD", "700", "PUBLISH-PERIOD", "500", "TILT-PERIOD", "2000"]
        if try program.isOriginalBinary { words += ["PING-PERIOD", "500"] }
        _ = try ask(words)
    }

    /// Changes periods, as SENTINEL DEBUG takes them.
    func debug(_ words: [String]) throws {
        let reply = try ask(["SENTINEL", "DEBUG"] + words)
        guard reply == .simple("OK") else { throw NotReached(description: "DEBUG \(words) answered \(reply)") }
    }

    func myID() throws -> String { try ask("SENTINEL", "MYID").text ?? "?" }

    /// The port of the master's address it tells clients.
    func masterPort(_ name: String) throws -> UInt16? {
        let items = try ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name).items
        return items.last?.text.flatMap(UInt16.init)
    }

    func master(_ name: String) throws -> [String: String] { try ask("SENTINEL", "MASTER", name).fields }
    func replicas(_ name: String) throws -> [[String: String]] {
        try ask("SENTINEL", "REPLICAS", name).items.map(\.fields)
    }
    func peers(_ name: String) throws -> [[String: String]] {
        try ask("SENTINEL", "SENTINELS", name).items.map(\.fields)
    }

    /// What is still missing until it knows everybody and sees everybody well; empty when nothing is.
    func missing(_ group: DataGroup, replicas count: Int, peers peerCount: Int, master: UInt16) throws -> [String] {
        var missing: [String] = []
        let fields = try self.master(group.name)
        if fields["flags"] != "master" { missing.append("\(name): master flags \(fields["flags"] ?? "none")") }
        if fields["port"] != "\(master)" { missing.append("\(name): master port \(fields["port"] ?? "none")") }
        // The run ID is empty until the first INFO.
        if fields["runid"]?.isEmpty != false { missing.append("\(name): no INFO of the master yet") }
        let replicas = try self.replicas(group.name)
        if replicas.count != count { missing.append("\(name): \(replicas.count) replicas") }
        for replica in replicas
        where replica["flags"] != "slave" || replica["master-link-status"] != "ok"
            || replica["master-port"] != "\(master)"
        {
            missing.append(
                "\(name): replica \(replica["port"] ?? "") flags \(replica["flags"] ?? "")"
                    + " link \(replica["master-link-status"] ?? "") to \(replica["master-port"] ?? "")")
        }
        let peers = try self.peers(group.name)
        if peers.count != peerCount { missing.append("\(name): \(peers.count) other sentinels") }
        for peer in peers where peer["flags"] != "sentinel" {
            missing.append("\(name): sentinel \(peer["port"] ?? "") flags \(peer["flags"] ?? "")")
        }
        return missing
    }

    /// Ends as a service manager ends it, and has `program` take its place, with its file and at its port.
    func handOver(to program: SentinelProgram) throws {
        process.signal(SIGTERM)
        _ = try process.waitForExit(within: .seconds(10))
        self.program = program
        try restart(as: program.path())
    }

    /// Deletes its configuration file behind its back.
    func removeConfiguration() throws { try FileManager.default.removeItem(atPath: configurationPath) }

    /// The lines of its configuration file that begin with `sentinel`, as words.
    var rememberedLines: [[String]] {
        configurationText.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            .filter { $0.first?.lowercased() == "sentinel" }
    }
}

/// What is written for each master in a sentinel's configuration file.
struct SentinelOptions {
    var quorum = 2
    var downAfter = Duration.milliseconds(1_000)
    var failoverTimeout = Duration.seconds(10)
    /// What the masters' host is called.
    var host = "127.0.0.1"
    /// What data nodes and sentinels want of everybody, each other included; `nil` for nothing.
    var password: String?
    /// Lines before those of the masters.
    var lines: [String] = []
    /// More for each master: the word after `sentinel`, and what follows the master's name.
    var masterLines: [(word: String, rest: String)] = []
}
