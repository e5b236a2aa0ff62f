// SPDX-License-Identifier: Apache-2.0

import Testing

/// One scenario for each rule of monitoring that shows from outside, on real servers or on one that plays a part.
///
/// The suites below run side by side, the tests of each one after the other: they mostly wait. Most run with the
/// original as well, which proves the test. Periods are shortened with SENTINEL DEBUG; no time is asserted but as a
/// bound that the rule itself gives.
@Suite(.ownThread) enum Rules {}

extension SentinelServer {
    /// The names of its events so far.
    var eventNames: [String] { events().map(\.name) }

    /// Waits until it has logged an event of this name, and returns the first.
    @discardableResult
    func awaitEvent(_ name: String, after skipped: Int = 0, within limit: Duration = .seconds(20)) throws -> LoggedEvent
    {
        try eventually("\(self.name) logs \(name)", within: limit) {
            events(after: skipped)
        } until: { events in
            events.contains { $0.name == name }
        }.first { $0.name == name }!
    }

    func flags(_ master: String = "mymaster") throws -> Set<String> {
        Set((try self.master(master)["flags"] ?? "").split(separator: ",").map(String.init))
    }

    /// Waits until its first INFO of the master is in and it knows so many replicas, all well.
    func awaitReplicas(_ count: Int, of master: String = "mymaster") throws {
        try eventually("\(name) knows \(count) replicas", within: .seconds(20)) {
            try replicas(master)
        } until: { replicas in
            replicas.count == count
                && replicas.allSatisfy { $0["flags"] == "slave" && $0["master-link-status"] == "ok" }
        }
    }

    /// Options of a test with one sentinel.
    static func alone(
        downAfter: Duration = .seconds(1), failoverTimeout: Duration = .seconds(10), lines: [String] = [],
        masterLines: [(word: String, rest: String)] = []
    ) -> SentinelOptions {
        SentinelOptions(
            quorum: 1, downAfter: downAfter, failoverTimeout: failoverTimeout, lines: lines, masterLines: masterLines)
    }
}

extension Stage {
    /// A group, and one sentinel that knows all of it.
    func watchedGroup(
        _ program: SentinelProgram, replicas count: Int, options: SentinelOptions = SentinelServer.alone(),
        debug: [String] = ["INFO-PERIOD", "700"]
    ) throws -> (DataGroup, SentinelServer) {
        let group = try group(replicas: count)
        let sentinel = try sentinel(program, watching: group.servers[0].port, options: options, debug: debug)
        try sentinel.awaitReplicas(count)
        return (group, sentinel)
    }
}

extension DataServer {
    /// How events call it as a replica.
    func label(replicaOf master: DataServer) -> String {
        "slave 127.0.0.1:\(port) 127.0.0.1 \(port) @ mymaster 127.0.0.1 \(master.port)"
    }
}
