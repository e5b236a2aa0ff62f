// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// Many groups of embedded data nodes, a master and perhaps a replica each, in processes of their own.
///
/// Masters and replicas live in different processes, so that all masters can be lost at once. Every process has a
/// loopback address of its own: nobody else listens there, and ports do not run out.
final class DataNodes {
    private static let groupsPerProcess = 500
    private static let firstPort: UInt16 = 16000

    private(set) var masters: [SocketAddress] = []
    private(set) var replicas: [SocketAddress] = []
    private var masterProcesses: [Member] = []
    private var replicaProcesses: [Member] = []

    init(groups: Int, haveReplicas: Bool, in benchmark: Benchmark) async throws(BenchmarkError) {
        // Two networks of 256 addresses, chosen by chance so that several benchmarks do not meet.
        let network = Int.random(in: 16..<127) * 2
        for (index, first) in stride(from: 0, to: groups, by: Self.groupsPerProcess).enumerated() {
            let count = min(Self.groupsPerProcess, groups - first)
            guard let master = SocketAddress(numericHost: "127.\(network).\(index).1", port: Self.firstPort),
                let replica = SocketAddress(numericHost: "127.\(network + 1).\(index).1", port: Self.firstPort)
            else { throw .noFreePorts }
            masterProcesses.append(
                try benchmark.launch("masters", .dataNodes(at: master, count: count, firstMaster: nil)))
            masters += (0..<count).compactMap { master.following($0) }
            guard haveReplicas else { continue }
            replicaProcesses.append(
                try benchmark.launch("replicas", .dataNodes(at: replica, count: count, firstMaster: master)))
            replicas += (0..<count).compactMap { replica.following($0) }
        }
        try await waitUntilUp()
    }

    private func waitUntilUp() async throws(BenchmarkError) {
        // The last master of a process comes up last; each replica keeps trying until it reaches its own, and who is
        // not attached when a sentinel first asks is not heard of for an INFO period.
        for address in lastOfEach(masters) + replicas {
            let server = DataServer(name: "\(address)", address: address)
            try await wait(for: "data node \(address)", seconds: 60) {
                await server.look()
                return server.isMaster || server.info["master_link_status"] == "up"
            }
            server.link.close()
        }
    }

    private func lastOfEach(_ addresses: [SocketAddress]) -> [SocketAddress] {
        stride(from: 0, to: addresses.count, by: Self.groupsPerProcess).map {
            addresses[min($0 + Self.groupsPerProcess, addresses.count) - 1]
        }
    }

    /// As `kill -9` on all masters at once.
    func killMasters() {
        for process in masterProcesses { process.kill() }
    }

    func end() async {
        for process in masterProcesses + replicaProcesses { await process.end() }
    }
}

extension Benchmark {
    /// Starts this program in another role.
    func launch(_ name: String, _ role: HelperRole) throws(BenchmarkError) -> Member {
        try launch(name, program: ownPath, arguments: role.arguments)
    }

    /// Starts one sentinel that watches groups of one data node each, runs `body` on it, and ends everything.
    func withSentinel(
        _ subject: Subject, groups count: Int,
        _ body: (SentinelProcess) async throws(BenchmarkError) -> Void
    ) async throws(BenchmarkError) {
        let nodes = try await DataNodes(groups: count, haveReplicas: false, in: self)
        let address = try freeAddresses(1)[0]
        let groups = nodes.masters.enumerated().map { MonitoredGroup(name: "group-\($0)", master: $1, quorum: 1) }
        let sentinel = try SentinelProcess(subject, at: address, groups: groups, in: self)
        try await sentinel.waitUntilItAnswers()
        try await wait(for: "\(count) groups in good order", seconds: 120, everyMilliseconds: 200) {
            await sentinel.groups().count { $0["status"] == "ok" } == count
        }
        try await body(sentinel)
        await sentinel.end()
        await nodes.end()
    }
}

extension SentinelProcess {
    /// What INFO says of each group.
    func groups() async -> [[Substring: Substring]] {
        let text = await ask(["INFO", "sentinel"])?.text ?? ""
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            guard line.hasPrefix("master"), line.dropFirst(6).first?.isNumber == true else { return nil }
            var fields: [Substring: Substring] = [:]
            for pair in line.drop(while: { $0 != ":" }).dropFirst().split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            return fields
        }
    }
}
