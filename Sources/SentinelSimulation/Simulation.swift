// SPDX-License-Identifier: Apache-2.0

// A cluster in one thread. Everything that happens is on one timeline, and every choice comes from one generator, so a
// seed is a run: the same in debug and in release, today and next year.
//
// A run has three parts. First faults happen while sentinels, nodes, clients and operators go about their business;
// rules that must never be broken are checked at every step. Then all faults stop, and everybody has to agree within a
// bound. Then all masters are killed among healthy sentinels and must be replaced fast.

import SentinelConfiguration
import SentinelCore
import SentinelWire

/// What came out of a run.
package struct Outcome: Sendable {
    package var seed: UInt64
    package var violation: Violation?
    package var simulatedTime: Duration = .zero
    package var sentinelTime: Duration = .zero
    package var steps = 0
    package var faults = Array(repeating: 0, count: Fault.allCases.count)
    /// How often each kind's turn came, left out or not.
    package var strikes = Array(repeating: 0, count: Fault.allCases.count)
    package var elections = 0
    package var failovers = 0
    package var writes = 0
    /// Acknowledged writes that the last master does not hold: asynchronous replication may lose them.
    package var lostWrites = 0
}

/// One world and its run.
package final class Simulation {
    let schedule: Schedule
    let sabotage: Sabotage?
    private let trace: ((String) -> Void)?
    var dice: Dice
    var timeline = Timeline()
    var now = Instant.start
    var network: Network
    var sentinels: [SentinelProcess] = []
    /// Who is at a host: a sentinel, a node, or neither.
    var processOfHost: [SentinelProcess?]
    var nodeOfHost: [DataNode?]
    /// A copy of a sentinel that somebody started by mistake; not one of `sentinels`.
    var clone: SentinelProcess?
    /// Wires and the timeline still know them.
    var formerClones: [SentinelProcess] = []
    /// The nodes by the group they belong to now.
    var groups: [[DataNode]] = []
    /// The nodes by the group they belonged to first.
    var homes: [[DataNode]] = []
    private(set) var clients: [Client] = []
    /// By address, former ones included, and by name.
    var hostOfEndpoint: [Endpoint: Int] = [:]
    /// Addresses that somebody had, and nobody has.
    var deserted: Set<Endpoint> = []
    var movesMade = 0
    var names = NameService()
    /// Addresses that somebody was told for a name, by its host.
    var liesTold: [Int: Set<String>] = [:]
    /// Connections by the host they lead to.
    var wiresTo: [[Wire]] = []
    var outcome: Outcome
    var hasFaults = true
    /// Messages sent before this are likely to be lost once.
    var lossyUntil = Instant.start
    /// What was said once and may be said again.
    var oldHellos: [Hello] = []
    /// What was asked of somebody not long ago and may come again, over a connection that is no more.
    var oldRequests: [(wire: Wire, request: Request)] = []
    /// Sentinels that wait for an election to start in.
    var waitingForElection: [SentinelProcess] = []
    /// When somebody last stood for election or voted, by group.
    var lastAttemptAt: [MasterName: Instant] = [:]

    /// Groups that operators still have to look after: one of them made a sentinel forget something or moved a node.
    private var torn: Set<Int> = []
    /// Groups that a node was taken from, or came to, with its address.
    var mixed: Set<Int> = []
    /// All that were torn ever, of which a node may be known to nobody for good.
    private(set) var mayBeForgotten: Set<Int> = []
    /// Hosts of nodes that stood in a file as one of their group.
    private(set) var everKnown: Set<Int> = []

    let cloneDoubt = CloneDoubt()
    var votes: VoteBook
    var epochs = EpochBook()
    var configurations: ConfigurationBook
    private var acknowledged: [[Int32]] = []

    package static func run(
        seed: UInt64, reduction: Reduction = Reduction(), sabotage: Sabotage? = nil, trace: ((String) -> Void)? = nil
    ) -> Outcome {
        let simulation = Simulation(Schedule(seed: seed, reduction: reduction), sabotage: sabotage, trace: trace)
        return simulation.run()
    }

    private init(_ schedule: Schedule, sabotage: Sabotage?, trace: ((String) -> Void)?) {
        dice = Dice(seed: schedule.seed, stream: .course)
        self.schedule = schedule
        self.sabotage = sabotage
        self.trace = trace
        outcome = Outcome(seed: schedule.seed)
        votes = VoteBook(doubt: cloneDoubt)
        configurations = ConfigurationBook(doubt: cloneDoubt)
        // Sentinels, nodes, a client for each group, and a copy of a sentinel.
        let hosts = schedule.drawnSentinels + schedule.drawnGroups.reduce(0, +) + schedule.drawnGroups.count + 1
        processOfHost = Array(repeating: nil, count: hosts)
        nodeOfHost = Array(repeating: nil, count: hosts)
        network = Network(hosts: hosts)
        wiresTo = Array(repeating: [], count: hosts)
        acknowledged = Array(repeating: [], count: schedule.groups.count)
        build()
    }

    func say(_ who: @autoclosure () -> String, _ what: @autoclosure () -> String) {
        guard let trace else { return }
        trace("\(now.text) \(who()) \(what())")
    }

    // MARK: The run

    private func run() -> Outcome {
        if let trace { trace(schedule.text) }
        do throws(Violation) {
            try run(until: .start + schedule.faultPhase)
            try healAll()
            try converge()
            try killMasters()
        } catch {
            outcome.violation = error
            say("VIOLATION", "\(error.rule.rawValue): \(error.text)")
        }
        outcome.simulatedTime = now - .start
        outcome.sentinelTime = (now - .start) * sentinels.count
        countLostWrites()
        return outcome
    }

    func run(until end: Instant) throws(Violation) {
        while now < end {
            guard let (at, happening) = timeline.next() else { return }
            now = max(now, at)
            outcome.steps += 1
            try happen(happening)
        }
    }

    private func converge() throws(Violation) {
        let broken = torn.union(groupsWithoutReplicas)
        if !broken.isEmpty {
            torn = []
            // Operators that made sentinels forget look after them.
            try run(until: now + .seconds(5))
            try repair(broken, disagreeing: false)
            if disagreement(on: broken, at: now) != nil { try run(until: now + .seconds(30)) }
            if disagreement(on: broken, at: now) != nil { try repair(broken, disagreeing: true) }
        }
        for _ in 0..<5 where !mixed.isEmpty {
            guard disagreement(at: now) != nil || listsOriginalStrangers else { break }
            try repairMovedNodes()
            try run(until: now + .seconds(30))
        }
        let end = now + schedule.convergenceBound
        while let text = disagreement(at: now) {
            guard now < end else { throw Violation(rule: .convergence, text: text) }
            try run(until: now + .milliseconds(500))
        }
        say("world", "has converged")
    }

    /// Kills all masters at once where everything is healthy, and waits until all sentinels name others.
    private func killMasters() throws(Violation) {
        // INFO must have shown the world as it is: links up, no old down time.
        // What was found out about names must have been said twice.
        try run(until: now + .seconds(schedule.names == .none ? 11 : 31))
        try converge()
        var killed: [(master: DataNode, end: Instant)] = []
        for group in groups.indices where !groups[group].isEmpty {
            let name = groupName(group)
            guard let address = sentinels[0].settings(of: name)?.address,
                let master = groups[group].first(where: { leads(address, to: $0) }), hasHeir(master)
            else { continue }
            var end = now + schedule.failoverBound
            if let attempt = lastAttemptAt[name] {
                // Whose clock is put back waits for longer.
                let setback = sentinels.map { $0.setback(since: attempt) }.max() ?? .zero
                end = max(end, attempt + schedule.failoverTimeout * 2 + setback + .seconds(5))
            }
            say("world", "kills \(address) for good measure")
            crash(master, isUnplugged: dice.chance(0.5))
            killed.append((master, end))
        }
        // Bounds that end first are looked at first.
        for (master, end) in killed.sorted(by: { ($0.end, $0.master.host) < ($1.end, $1.master.host) }) {
            let name = groupName(master.group)
            while let behind = sentinels.first(where: { process in
                process.settings(of: name).map { isOneNode($0.address, master.endpoint) } ?? false
            }) {
                guard now < end else {
                    throw Violation(
                        rule: .failover, text: "\(behind.name) still names \(master.endpoint) for \(name)")
                }
                try run(until: now + .milliseconds(50))
            }
        }
        for (master, _) in killed {
            timeline.enter(.nodeStarts(master, crashes: master.crashes), at: now + .seconds(1))
        }
        try run(until: now + .seconds(2))
        try converge()
    }

    /// Whether a replica can take over.
    private func hasHeir(_ master: DataNode) -> Bool {
        groups[master.group].contains { $0.priority != 0 && follows($0, master) && $0.isLinkUp }
    }

    /// Whether a node follows another one and gets there.
    func follows(_ node: DataNode, _ master: DataNode) -> Bool { node.follows.map { leads($0, to: master) } ?? false }

    /// An operator makes sentinels of a group forget something, or moves one of its nodes.
    func tear(_ group: Int) {
        torn.insert(group)
        mayBeForgotten.insert(group)
    }

    /// Notes whom a file counts to each group.
    func noteKnown(_ settings: Settings, of process: SentinelProcess) {
        guard process !== clone else { return }
        for master in settings.masters {
            for address in master.knownReplicas + [master.address] {
                guard let node = node(at: address), groupName(node.group) == master.name else { continue }
                everKnown.insert(node.host)
            }
        }
    }

    private func happen(_ happening: Happening) throws(Violation) {
        switch happening {
        case .arrival(let wire, let end): try arrive(wire, end)
        case .retry(let wire, let end): try retry(wire, end)
        case .wake(let process, let life): try wake(process, life)
        case .writeEnds(let process, let life): try endWrite(of: process, life)
        case .input(let process, let life, let input):
            if process.life == life { try feed(process, input) }
        case .scriptEnds(let process, let life, let id, let end): try endScript(id, end, of: process, life)
        case .sentinelStarts(let process): try start(process)
        case .sentinelResumes(let process, let life):
            if process.life == life { try resume(process) }
        case .nodeStarts(let node, let crashes):
            if node.crashes == crashes { start(node) }
        case .nodeResumes(let node, let life):
            if node.life == life { resume(node) }
        case .replicate(let node): replicate(node)
        case .client(let client): try act(client)
        case .fault(let fault): try strike(fault)
        case .flap(let one, let other, let left): flap(one, other, left: left)
        case .cloneEnds: try endClone()
        case .heal(let healing): heal(healing)
        }
    }

    // MARK: Building

    private func build() {
        var host = schedule.drawnSentinels
        // Nodes that know their names tell them, in most worlds that have any.
        let isNamed = schedule.names == .announced && dice.chance(0.75)
        for (group, drawn) in schedule.drawnGroups.enumerated() {
            let master = isNamed ? Endpoint(host: nodeName(group, 0), port: 6379) : endpoint(group: group, index: 0)
            groups.append(
                (0..<schedule.groups[group]).map { index in
                    build(
                        nodeAt: index, of: group, host: host + index, follows: index == 0 ? nil : master,
                        isNamed: isNamed)
                })
            host += drawn
        }
        homes = groups
        for number in 0..<schedule.sentinels { build(sentinel: number) }
        for group in groups.indices {
            if schedule.traits.contains(.clients), !groups[group].isEmpty {
                let client = Client(host: host, group: group)
                clients.append(client)
                timeline.enter(.client(client), at: now + dice.milliseconds(500...3000))
            }
            host += 1
        }
        for fault in Fault.allCases {
            guard let mean = schedule.meanIntervals[fault.rawValue] else { continue }
            var chance = Dice(seed: schedule.seed, stream: .strike(Strike(fault: fault, number: 0)))
            timeline.enter(.fault(fault), at: now + .seconds(2) + chance.around(mean))
        }
    }

    private func endpoint(group: Int, index: Int) -> Endpoint {
        Endpoint(host: "10.1.\(group).\(index + 1)", port: 6379)
    }

    private func nodeName(_ group: Int, _ index: Int) -> String { "node-\(group)-\(index + 1)" }

    private func build(
        nodeAt index: Int, of group: Int, host: Int, follows: Endpoint?, isNamed: Bool
    ) -> DataNode {
        var chance = Dice(seed: schedule.seed, stream: .node(group: group, index: index))
        let node = DataNode(
            host: host, group: group, name: nodeName(group, index), endpoint: endpoint(group: group, index: index),
            announcedHost: isNamed ? nodeName(group, index) : nil,
            priority: index > 1 && chance.chance(0.15) ? 0 : chance.pick([100, 100, 100, 10]),
            runID: chance.runID(), follows: follows, history: UInt64(group),
            versions: schedule.traits.contains(.sharedConnections)
                ? Dice(seed: schedule.seed, stream: .versions(group: group, index: index)) : nil)
        hostOfEndpoint[node.endpoint] = host
        enter(node.name, of: node.endpoint, host)
        nodeOfHost[host] = node
        timeline.enter(.replicate(node), at: now + chance.milliseconds(1...250))
        return node
    }

    private func enter(_ name: String, of endpoint: Endpoint, _ host: Int) {
        guard schedule.names != .none else { return }
        names.record(name, endpoint.host)
        hostOfEndpoint[Endpoint(host: name, port: endpoint.port)] = host
    }

    private func build(sentinel number: Int) {
        var chance = Dice(seed: schedule.seed, stream: .sentinel(number))
        var configuration = Configuration()
        let runID = chance.runID()
        configuration.sentinel.myID = runID
        configuration.sentinel.separatesSubscriptions = !schedule.traits.contains(.sharedConnections)
        configuration.sentinel.resolvesHostnames = schedule.names != .none
        configuration.sentinel.announcesHostnames = schedule.names == .announced
        if schedule.names == .announced { configuration.sentinel.announceHost = "sentinel-\(number + 1)" }
        configuration.sentinel.masters = groups.indices.filter { !groups[$0].isEmpty }.map { group in
            let first = groups[group][0]
            let address =
                schedule.names == .none ? first.endpoint : Endpoint(host: first.name, port: first.endpoint.port)
            var master = MasterSettings(name: groupName(group), address: address, quorum: schedule.quorum)
            master.downAfter = schedule.downAfter
            master.failoverTimeout = schedule.failoverTimeout
            master.parallelSyncs = schedule.parallelSyncs
            if schedule.traits.contains(.scripts) {
                master.notificationScript = "/bin/notify"
                master.clientReconfigScript = "/bin/reconfigure"
            }
            return master
        }
        let process = SentinelProcess(
            host: number, number: number + 1, runID: runID,
            endpoint: Endpoint(host: "10.0.0.\(number + 1)", port: 26379), isOriginal: number < schedule.originals,
            configuration: configuration)
        hostOfEndpoint[process.endpoint] = number
        enter("sentinel-\(number + 1)", of: process.endpoint, number)
        processOfHost[number] = process
        sentinels.append(process)
        let isLate = number >= schedule.sentinels - schedule.latecomers
        let delay = isLate ? chance.milliseconds(2000...20000) : chance.milliseconds(0...300)
        if isLate && schedule.joinsElections {
            waitingForElection.append(process)
        } else {
            timeline.enter(.sentinelStarts(process), at: now + delay)
        }
    }

    func groupName(_ group: Int) -> MasterName { MasterName("g\(group)") }

    func node(at endpoint: Endpoint) -> DataNode? { hostOfEndpoint[endpoint].flatMap { nodeOfHost[$0] } }

    func group(of endpoint: Endpoint) -> MasterName? {
        node(at: endpoint).map { groupName($0.group) }
    }

    // MARK: Clients

    /// Asks a sentinel, as a client library does when it has lost its master.
    private func act(_ client: Client) throws(Violation) {
        timeline.enter(.client(client), at: now + dice.milliseconds(200...1500))
        let process = dice.pick(sentinels)
        guard process.isRunning, !process.isPaused, canTalk(client.host, process.host) else { return }
        let request = process.makeRequest(.client(client))
        try feed(process, .command(request, .masterAddress(groupName(client.group))))
    }

    func answer(_ client: Client, _ response: Response, by process: SentinelProcess) throws(Violation) {
        guard case .address(let answered) = response else { return }
        let name = groupName(client.group)
        let first = process.configuration.sentinel.masters.first { $0.name == name }?.address
        let endpoint = sabotage == .clientsAreToldTheFirst ? first : answered
        let remembered = process.settings(of: name)?.address
        let durable = process.disk.settings.masters.first { $0.name == name }?.address
        // What is not on disk yet is not told.
        let isDurable = !process.isOriginal && isSame(endpoint, durable)
        if !isDurable { try checkDurable(promotionIn: name, by: process) }
        guard isDurable || isSame(endpoint, remembered) else {
            throw Violation(
                rule: .answerIsRemembered,
                text: "\(process.name) answers \(endpoint?.description ?? "nothing"), "
                    + "remembers \(remembered?.description ?? "nothing")")
        }
        guard let endpoint, let node = node(at: endpoint), leads(endpoint, to: node), canTalk(client.host, node.host),
            node.isRunning, !node.isPaused, node.isMaster, !node.isLoading(at: now)
        else { return }
        outcome.writes += 1
        node.append(Int32(outcome.writes))
        acknowledged[client.group].append(Int32(outcome.writes))
    }

    /// A name that is not confirmed is remembered as a name, whatever it is held to stand for.
    private func isSame(_ one: Endpoint?, _ other: Endpoint?) -> Bool {
        guard let one, let other else { return one == other }
        return one == other || mayBeOneNode(one, other)
    }

    private func countLostWrites() {
        for group in groups.indices {
            let address = sentinels.first?.settings(of: groupName(group))?.address
            guard let master = address.flatMap({ node(at: $0) }) else { continue }
            let held = Set(master.log)
            outcome.lostWrites += acknowledged[group].count { !held.contains($0) }
        }
    }

    func canTalk(_ one: Int, _ other: Int) -> Bool {
        !network.isBlocked(from: one, to: other) && !network.isBlocked(from: other, to: one)
    }
}

extension Instant {
    /// Seconds and microseconds.
    var text: String {
        let (seconds, attoseconds) = sinceStart.components
        let microseconds = String(attoseconds / 1_000_000_000_000)
        let padding = String(repeating: "0", count: max(0, 6 - microseconds.utf8.count))
        return "\(seconds).\(padding)\(microseconds)"
    }
}
