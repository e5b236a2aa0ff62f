// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// The text of INFO: what a sentinel reads, and a little for people.
///
/// - Source: spec/monitoring.md 7.
enum InfoText {
    /// The version these nodes pass themselves off as, for clients that look at it.
    static let redisVersion = "7.0.0"

    private static let secondNanoseconds: UInt64 = 1_000_000_000

    /// - Parameter sections: In lower case; none means all, and so does `default`, `all` or `everything`.
    static func make(for node: DataNode, sections: [String]) -> String {
        let isAll = sections.isEmpty || sections.contains { ["default", "all", "everything"].contains($0) }
        let all: [(String, (DataNode) -> [String])] = [
            ("Server", server), ("Clients", clients), ("Replication", replication), ("Keyspace", keyspace),
        ]
        return all.filter { isAll || sections.contains($0.0.lowercased()) }
            .map { "# \($0.0)\r\n" + $0.1(node).map { $0 + "\r\n" }.joined() }
            .joined(separator: "\r\n")
    }

    private static func server(_ node: DataNode) -> [String] {
        [
            "redis_version:\(redisVersion)", "server_name:swift-sentinel-data-node", "redis_mode:standalone",
            "run_id:\(node.runID)", "tcp_port:\(node.port)", "uptime_in_seconds:\(seconds(since: node.startedAt))",
        ]
    }

    private static func clients(_ node: DataNode) -> [String] {
        [
            "connected_clients:\(node.clients.values.count { $0.kind != .replica })",
            "pubsub_clients:\(node.clients.values.count { $0.kind == .subscriber })",
        ]
    }

    private static func replication(_ node: DataNode) -> [String] {
        var lines = ["role:\(node.isMaster ? "master" : "slave")"]
        if let link = node.masterLink { lines += masterLines(node, link) }
        let replicas = node.replicas.compactMap(\.replica)
        lines.append("connected_slaves:\(replicas.count)")
        for (index, replica) in replicas.enumerated() {
            lines.append(
                "slave\(index):ip=\(replica.host),port=\(replica.port),state=online,"
                    + "offset=\(replica.acknowledgedOffset),lag=0")
        }
        lines.append("master_repl_offset:\(node.offset)")
        return lines
    }

    private static func masterLines(_ node: DataNode, _ link: MasterLink) -> [String] {
        var lines = [
            "master_host:\(link.host)", "master_port:\(link.port)",
            "master_link_status:\(link.isUp ? "up" : "down")", "master_sync_in_progress:0",
        ]
        if let downSince = link.downSince {
            lines.append("master_link_down_since_seconds:\(seconds(since: downSince))")
        }
        return lines + [
            "slave_read_repl_offset:\(node.offset)", "slave_repl_offset:\(node.offset)",
            "slave_priority:\(node.settings.priority)", "slave_read_only:1",
            "replica_announced:\(node.settings.isAnnounced ? 1 : 0)",
        ]
    }

    private static func keyspace(_ node: DataNode) -> [String] {
        node.keys.count == 0 ? [] : ["db0:keys=\(node.keys.count),expires=0,avg_ttl=0"]
    }

    private static func seconds(since instant: UInt64) -> UInt64 { (MonotonicClock.now - instant) / secondNanoseconds }
}
