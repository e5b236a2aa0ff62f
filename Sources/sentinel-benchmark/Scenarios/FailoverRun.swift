// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// One cluster, started, watched while its master is killed, and ended.
final class FailoverRun {
    static let limitSeconds = 40
    private static let group = "mymaster"
    private static let pollMilliseconds = 2

    private let benchmark: Benchmark
    private let subject: Subject
    private let servers: [DataServer]
    private var sentinels: [SentinelProcess] = []
    private let sentinelAddresses: [SocketAddress]

    /// When the master was killed; `nil` before.
    private var killedAt: UInt64?
    /// When each milestone was passed, in nanoseconds after the kill.
    private(set) var reached: [Milestone: UInt64] = [:]
    /// Sentinels that have said who the new master is.
    private var switched: Set<String> = []
    private var newMaster: DataServer?
    private var firstCandidateAt: UInt64?
    /// Epochs in which somebody stood for election.
    private var epochs: Set<Substring> = []

    init(_ benchmark: Benchmark, _ subject: Subject) throws(BenchmarkError) {
        self.benchmark = benchmark
        self.subject = subject
        let serverCount = benchmark.options.replicas + 1
        let addresses = try benchmark.freeAddresses(serverCount + benchmark.options.sentinels)
        servers = addresses[..<serverCount].map { DataServer(name: "server-\($0.port ?? 0)", address: $0) }
        sentinelAddresses = Array(addresses[serverCount...])
    }

    private var oldMaster: DataServer { servers[0] }
    private var replicas: ArraySlice<DataServer> { servers.dropFirst() }

    /// How long the election lasted if it took more than one epoch.
    var splitVoteNanoseconds: UInt64? {
        guard epochs.count > 1, let firstCandidateAt, let end = reached[.elected] else { return nil }
        return end - min(end, firstCandidateAt)
    }

    func end() async {
        for sentinel in sentinels { await sentinel.end() }
        for server in servers {
            server.link.close()
            await server.member?.end()
        }
    }
}

// MARK: - Before

extension FailoverRun {
    /// Starts everything, and returns once everybody knows everybody and the replicas have all the master has.
    func prepare() async throws(BenchmarkError) {
        for server in servers {
            let master = server === oldMaster ? nil : oldMaster
            server.member = try attempt { () throws(SystemError) in
                try benchmark.dataServers.launch(server, replicaOf: master, in: benchmark.fleet)
            }
        }
        try await waitUntilInSync()
        let options = benchmark.options
        let group = MonitoredGroup(
            name: Self.group, master: oldMaster.address, quorum: options.quorum,
            downAfterMilliseconds: options.downAfterMilliseconds, failoverTimeoutMilliseconds: 10_000)
        for address in sentinelAddresses {
            sentinels.append(try SentinelProcess(subject, at: address, groups: [group], in: benchmark))
        }
        for sentinel in sentinels {
            try await sentinel.waitUntilItAnswers()
            let name = sentinel.name
            try await sentinel.subscribe { [unowned self] in heard(name, $0, $1) }
        }
        for sentinel in sentinels { try await waitUntilItKnowsAll(sentinel) }
        // The kill is to come at any point of everybody's periods.
        await pause(milliseconds: Int.random(in: 0..<1000))
        try await waitUntilInSync()
    }

    private func waitUntilInSync() async throws(BenchmarkError) {
        try await wait(for: "the replicas' synchronisation", seconds: 30) {
            await oldMaster.look()
            guard oldMaster.connectedReplicas == replicas.count else { return false }
            for replica in replicas {
                await replica.look()
                let isEven = replica.info["slave_repl_offset"] == oldMaster.info["master_repl_offset"]
                guard replica.isAttached(to: oldMaster), isEven else { return false }
            }
            return true
        }
    }

    private func waitUntilItKnowsAll(_ sentinel: SentinelProcess) async throws(BenchmarkError) {
        try await wait(for: "discovery by \(sentinel.name)", seconds: 40) {
            let known = await sentinel.usable("REPLICAS", of: Self.group, flags: "slave")
            let peers = await sentinel.usable("SENTINELS", of: Self.group, flags: "sentinel")
            return known == replicas.count && peers == sentinels.count - 1
        }
    }
}

// MARK: - The kill and after

extension FailoverRun {
    /// Kills the master and returns once all milestones are passed, or it has taken too long.
    func killMaster() async {
        killedAt = MonotonicClock.now
        oldMaster.member?.kill()
        async let write: Void = watchForWrite()
        async let attachment: Void = watchForAttachment()
        _ = await (write, attachment)
        try? await wait(for: "the sentinels", seconds: Self.limitSeconds, everyMilliseconds: Self.pollMilliseconds) {
            reached[.allSwitched] != nil
        }
    }

    private var elapsed: UInt64 { killedAt.map { MonotonicClock.now - $0 } ?? 0 }

    private func reach(_ milestone: Milestone) {
        if reached[milestone] == nil { reached[milestone] = elapsed }
    }

    private func heard(_ sentinel: String, _ event: String, _ words: [Substring]) {
        guard killedAt != nil else { return }
        if let milestone = Milestone(event: event, words: words) { reach(milestone) }
        switch event {
        case "+try-failover": firstCandidateAt = firstCandidateAt ?? elapsed
        case "+new-epoch": if reached[.elected] == nil, let epoch = words.first { epochs.insert(epoch) }
        case "+switch-master":
            switched.insert(sentinel)
            if switched.count == sentinels.count { reach(.allSwitched) }
        default: break
        }
    }

    /// Does what clients are told to: asks one sentinel after the other, and writes where it says.
    private func watchForWrite() async {
        var turn = 0
        try? await wait(for: "a write", seconds: Self.limitSeconds, everyMilliseconds: Self.pollMilliseconds) {
            turn += 1
            let address = await sentinels[turn % sentinels.count].masterAddress(of: Self.group)
            guard let server = replicas.first(where: { $0.address == address }) else { return false }
            guard await server.link.ask(["SET", "sentinel-benchmark", "1"])?.text == "OK" else { return false }
            reach(.firstWrite)
            newMaster = server
            return true
        }
    }

    private func watchForAttachment() async {
        try? await wait(
            for: "the replicas", seconds: Self.limitSeconds, everyMilliseconds: Self.pollMilliseconds * 2
        ) {
            guard let newMaster else { return false }
            for replica in replicas where replica !== newMaster {
                await replica.look()
                guard replica.isAttached(to: newMaster) else { return false }
            }
            reach(.allAttached)
            return true
        }
    }
}
