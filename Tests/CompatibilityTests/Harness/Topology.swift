// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A master and its replicas under one name; who is the master changes, the servers do not.
final class DataGroup {
    let name: String
    let servers: [DataServer]

    init(name: String, servers: [DataServer]) {
        self.name = name
        self.servers = servers
    }

    subscript(port port: UInt16) -> DataServer? { servers.first { $0.port == port } }
    func others(than server: DataServer) -> [DataServer] { servers.filter { $0 !== server } }
}

/// The servers and sentinels of one test.
final class Cluster {
    let groups: [DataGroup]
    let sentinels: [SentinelServer]
    /// For files of the test's own; gone afterwards.
    let directory: String

    init(groups: [DataGroup], sentinels: [SentinelServer], directory: String) {
        self.groups = groups
        self.sentinels = sentinels
        self.directory = directory
    }

    /// The group of a test with one master.
    var group: DataGroup { groups[0] }
    /// Its name.
    var masterName: String { group.name }

    /// The master all `sentinels` agree on.
    func agreedMaster(
        among sentinels: [SentinelServer]? = nil, otherThan old: DataServer? = nil, within limit: Duration
    ) throws -> DataServer {
        let sentinels = sentinels ?? self.sentinels
        let ports = try eventually("all sentinels answer one master", within: limit) {
            try sentinels.map { try $0.masterPort(masterName) ?? 0 }
        } until: { ports in
            Set(ports).count == 1 && ports[0] != old?.port && group[port: ports[0]] != nil
        }
        return group[port: ports[0]]!
    }

    /// Waits until everybody runs, replicates from `master`, knows everybody else and sees nobody down.
    func settle(master: DataServer, of group: DataGroup? = nil, within limit: Duration = .seconds(60)) throws {
        let group = group ?? self.group
        let replicas = group.others(than: master)
        try eventually("everybody knows everybody under \(group.name)", within: limit) {
            var missing = try replicas.filter { try !$0.replicates(from: master) }
                .map { "\($0.name) does not replicate from \(master.name)" }
            for sentinel in sentinels {
                missing += try sentinel.missing(
                    group, replicas: replicas.count, peers: sentinels.count - 1, master: master.port)
            }
            return missing
        } until: {
            $0.isEmpty
        }
    }

    /// Waits until the configuration file of each sentinel names the master, its replicas and the other sentinels.
    ///
    /// A sentinel may write what it merely discovered a moment after it tells of it.
    func awaitRemembered(master: DataServer) throws {
        let replicas = Set(group.others(than: master).map { "\($0.port)" })
        for sentinel in sentinels {
            let peers = Set(sentinels.filter { $0 !== sentinel }.map { "\($0.port)" })
            try eventually("the file of \(sentinel.name) names everybody", within: .seconds(5)) {
                sentinel.rememberedLines
            } until: { lines in
                let ports = { (key: String) in Set(lines.filter { $0[1] == key }.map { $0[4] }) }
                let monitor = lines.first { $0[1] == "monitor" }
                return monitor?.dropFirst(2).prefix(3) == [masterName, "127.0.0.1", "\(master.port)"]
                    && ports("known-replica") == replicas && ports("known-sentinel") == peers
            }
        }
    }

    /// The first of `candidates` that takes a write.
    func acceptingWrites(_ candidates: [DataServer], key: String, within limit: Duration) throws -> DataServer {
        try eventually("another instance accepts writes", within: limit) {
            candidates.first { (try? $0.ask("SET", key, "1")) == .simple("OK") }
        } until: {
            $0 != nil
        }!
    }
}

/// Starts masters with their replicas and sentinels, waits until all know each other, runs `body` and ends them all.
///
/// - Parameter masters: Names to monitor; each gets a master and `replicas` replicas.
/// - Parameter sentinels: Which program plays each sentinel.
/// - Parameter password: What all of them want of everybody; `nil` for nothing.
/// - Parameter lines: More lines for the sentinels' files.
/// - Parameter security: For TLS everywhere: clients, replication and links.
/// - Parameter shortened: Whether the INFO, hello and tilt periods are shortened with `SENTINEL DEBUG`.
func withCluster<Result>(
    masters: [String] = ["mymaster"], replicas: Int = 2,
    sentinels: [SentinelProgram] = [.ours, .ours, .ours],
    quorum: Int = 2, downAfter: Duration = .seconds(2), failoverTimeout: Duration = .seconds(10),
    password: String? = nil, lines: [String] = [], security: Security? = nil, shortened: Bool = true,
    _ body: (Cluster) throws -> Result
) throws -> Result {
    let options = SentinelOptions(
        quorum: quorum, downAfter: downAfter, failoverTimeout: failoverTimeout, password: password,
        lines: lines)
    return try withStage { stage in
        let groups = try masters.map { name in
            let master = try stage.dataServer(name, password: password, security: security)
            let others = try (0..<replicas).map {
                try stage.dataServer(
                    "\(name)-replica\($0)", replicating: master.port, password: password, security: security)
            }
            return DataGroup(name: name, servers: [master] + others)
        }
        let watchers = try sentinels.map { program in
            let sentinel = try stage.sentinel(
                program, monitoring: groups.map { ($0.name, $0.servers[0].port) }, options: options, security: security)
            if shortened { try sentinel.shortenPeriods() }
            return sentinel
        }
        let cluster = Cluster(groups: groups, sentinels: watchers, directory: stage.directory)
        for group in groups { try cluster.settle(master: group.servers[0], of: group) }
        return try body(cluster)
    }
}

/// Where sentinels of a scenario have their files: in memory where that is possible, for the original waits for the
/// disk in each step of a failover, and where that is slow is found dead by the others. What is to be seen of disks has
/// its own place.
let scenarioDirectory: String = {
    var facts = statvfs()
    let isUsable =
        FileManager.default.isWritableFile(atPath: "/dev/shm") && statvfs("/dev/shm", &facts) == 0
        // Scripts are run from there. 8 is ST_NOEXEC, which Glibc's module has not.
        && facts.f_flag & 8 == 0
    return isUsable ? "/dev/shm/" : NSTemporaryDirectory()
}()

/// Runs `body` with a directory that is gone afterwards (kept when KEEP_LOGS is set).
///
/// - Parameter parent: Where it is made; with a `/` at the end.
func withTemporaryDirectory<Result>(
    in parent: String = NSTemporaryDirectory(), _ body: (String) throws -> Result
) throws -> Result {
    let directory = parent + "sentinel-test-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let isKept = ProcessInfo.processInfo.environment["KEEP_LOGS"] != nil
    if isKept { print("Logs are in \(directory)") } else { Guardian.shared.removeAtEnd(directory) }
    defer { if !isKept { try? FileManager.default.removeItem(atPath: directory) } }
    return try body(directory)
}
