// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// The three servers and three sentinels, and what can be said of them together.
final class Cluster {
    let servers: [DataServer]
    let watchers: [Watcher]

    /// - Parameter addresses: Six of them: of the servers, the first master first, and of the sentinels.
    /// - Parameter heard: Gets every event a sentinel publishes, with the sentinel's name.
    init(addresses: [SocketAddress], heard: @escaping (_ who: String, _ event: String, _ words: [Substring]) -> Void) {
        servers = (0..<3).map { DataServer(name: "server-\($0 + 1)", address: addresses[$0]) }
        watchers = (0..<3).map { index in
            let name = "sentinel-\(index + 1)"
            return Watcher(name: name, address: addresses[3 + index]) { heard(name, $0, $1) }
        }
    }

    /// The server that is killed.
    var oldMaster: DataServer { servers[0] }
    var replicas: ArraySlice<DataServer> { servers.dropFirst() }

    /// Asks all who run for news.
    func look(then changed: @escaping () -> Void) {
        for server in servers where server.member?.isRunning == true { server.look(then: changed) }
        for watcher in watchers where watcher.member?.isRunning == true { watcher.look(then: changed) }
    }

    /// The port all sentinels tell clients, or `nil` while they differ.
    var agreedPort: UInt16? {
        let ports = Set(watchers.map(\.masterPort))
        return ports.count == 1 ? ports.first.flatMap { $0 } : nil
    }

    /// Whether both replicas have what was written.
    var haveCaughtUp: Bool {
        replicas.allSatisfy { $0.isAttached(to: oldMaster) && $0.info["slave_repl_offset"] != "0" }
    }

    func attached(to master: DataServer) -> [DataServer] {
        servers.filter { $0 !== master && $0.isAttached(to: master) }
    }

    /// The name of whoever has that port or run ID.
    func name(of key: Substring) -> String {
        if let server = servers.first(where: { String($0.port) == key }) { return server.name }
        return watchers.first { String($0.port) == key || $0.identity.map { $0 == key } == true }?.name ?? String(key)
    }

    func name(of port: UInt16) -> String { name(of: "\(port)") }

    /// A line for everybody.
    var description: [String] {
        let lines = servers.map { server in
            let role: String
            if server.isMaster {
                role = "master, \(server.connectedReplicas) replicas"
            } else {
                role = "replica of \(name(of: Substring(server.info["master_port"] ?? "nobody")))"
            }
            return line(server.name, server.address, role)
        }
        return lines
            + watchers.map { watcher in
                let master = watcher.masterPort.map { name(of: $0) } ?? "unknown"
                return line(
                    watcher.name, watcher.address,
                    "master is \(master); \(watcher.replicas.count) replicas, \(watcher.peers.count) other sentinels")
            }
    }

    private func line(_ name: String, _ address: SocketAddress, _ text: String) -> String {
        "\(Console.padded(name, 12))\(Console.padded("\(address)", 18))\(text)"
    }
}
