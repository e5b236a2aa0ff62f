// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// Debian's `prometheus-redis-exporter`, which turns what a sentinel says into metrics.
    @Suite struct `The exporter` {
        @Test(.timeLimit(.minutes(2)))
        func `says the same of ours as of the original, and follows a failover`() throws {
            try withCluster(sentinels: [.ours, .original, .ours], password: "secret") { cluster in
                let master = cluster.group.servers[0]
                let exporters = try cluster.sentinels.prefix(2).map {
                    try Exporter(of: $0, directory: cluster.directory)
                }
                defer { for exporter in exporters { exporter.process.end() } }

                for exporter in exporters {
                    try exporter.awaitMetrics(of: cluster.masterName, at: master.port, availableReplicas: 2)
                    #expect(try exporter.metrics()["redis_up"] == 1)
                }
                let names = try exporters.map { Set(try $0.metrics().keys.map { $0.prefix { $0 != "{" } }) }
                #expect(names[1].subtracting(names[0]).isEmpty, "what dashboards may show of the original")

                master.process.kill()
                let promoted = try cluster.agreedMaster(otherThan: master, within: .seconds(30))
                // The old master is one of the replicas now, and down.
                for exporter in exporters {
                    try exporter.awaitMetrics(of: cluster.masterName, at: promoted.port, availableReplicas: 1)
                }
            }
        }
    }
}

/// An exporter that asks one sentinel.
private final class Exporter {
    let process: ServerProcess
    private let port = LoopbackPort.free()

    init(of sentinel: SentinelServer, directory: String) throws {
        process = try ServerProcess(
            name: "exporter of \(sentinel.name)", directory: "\(directory)/exporter-\(sentinel.port)",
            executable: Programs.installed("prometheus-redis-exporter"),
            arguments: [
                "-redis.addr", "redis://127.0.0.1:\(sentinel.port)", "-web.listen-address", "127.0.0.1:\(port)",
            ] + (sentinel.password.map { ["-redis.password", $0] } ?? []))
        try process.start()
        try eventually("\(process.name) answers", within: .seconds(20)) { try !metrics().isEmpty }
    }

    /// Waits until its metrics about sentinels are those of one master with two replicas and three sentinels.
    func awaitMetrics(of master: String, at port: UInt16, availableReplicas: Double) throws {
        let labels = "master_address=\"127.0.0.1:\(port)\",master_name=\"\(master)\""
        let quorum = "OK 3 usable Sentinels. Quorum and failover authorization can be reached"
        let wanted: [String: Double] = [
            "redis_sentinel_master_ckquorum_status{master_name=\"\(master)\",message=\"\(quorum)\"}": 1,
            "redis_sentinel_masters": 1, "redis_sentinel_tilt": 0, "redis_sentinel_running_scripts": 0,
            "redis_sentinel_scripts_queue_length": 0, "redis_sentinel_simulate_failure_flags": 0,
            "redis_sentinel_master_status{\(labels),master_status=\"ok\"}": 1,
            "redis_sentinel_master_slaves{\(labels)}": 2,
            "redis_sentinel_master_ok_slaves{\(labels)}": availableReplicas,
            "redis_sentinel_master_sentinels{\(labels)}": 3, "redis_sentinel_master_ok_sentinels{\(labels)}": 3,
        ]
        try eventually("the \(process.name) tells all", within: .seconds(20)) {
            try metrics().filter { $0.key.hasPrefix("redis_sentinel_") }
        } until: {
            $0 == wanted
        }
    }

    /// Its metrics, by name with labels.
    func metrics() throws -> [String: Double] {
        let lines = try page("/metrics", port: port).split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
        return Dictionary(
            lines.compactMap { line in
                guard let space = line.lastIndex(of: " ") else { return nil }
                return Double(line[line.index(after: space)...]).map { (String(line[..<space]), $0) }
            }, uniquingKeysWith: { $1 })
    }
}
