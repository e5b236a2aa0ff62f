// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// The play: probes keep an eye on everybody, and each step begins when what it waits for is seen.
final class Demo {
    static let masterName = "mymaster"

    /// What the probes last saw.
    private struct Seen {
        /// By sentinel: where it says the master is, and whom else it knows.
        var masterPort: [UInt16?] = [nil, nil, nil]
        var replicas: [Int] = [0, 0, 0]
        var peers: [Int] = [0, 0, 0]
        /// By node: its replication lines of INFO, `nil` while it does not answer.
        var replication: [[String: String]] = [[:], [:], [:]]
    }

    private struct Step {
        let title: String
        let seconds: UInt64
        let begin: () -> Void
        let isDone: () -> Bool
    }

    private let cast: Cast
    private let screen = Screen()
    private let isKept: Bool
    private let finished: (Int32) -> Void
    private var seen = Seen()
    private var steps: [Step] = []
    private var current = 0
    private var probes: [Probe] = []
    private var listeners: [EventListener] = []
    private var writers: [Probe] = []
    private var limit: DeadlineTimer?
    private var killedAt: UInt64 = 0
    private var toldAttached: Set<Int> = []
    private var newMaster: Int?
    private var isOver = false

    /// - Parameters:
    ///   - isKept: Leaves everything running at the end.
    ///   - finished: Gets the exit code.
    init(_ cast: Cast, isKept: Bool, finished: @escaping (Int32) -> Void) {
        self.cast = cast
        self.isKept = isKept
        self.finished = finished
    }

    func start() {
        limit = DeadlineTimer { [unowned self] in
            self.fail("'\(self.steps[self.current].title)' did not happen within \(self.steps[self.current].seconds) s")
        }
        steps = [
            Step(
                title: "Everybody starts and finds each other", seconds: 30, begin: { [unowned self] in self.raise() },
                isDone: { [unowned self] in self.isComplete(master: 0) }),
            Step(
                title: "The master is killed", seconds: 30, begin: { [unowned self] in self.killMaster() },
                isDone: { [unowned self] in self.hasFailedOver }),
            Step(
                title: "The old master comes back", seconds: 60, begin: { [unowned self] in self.reviveMaster() },
                isDone: { [unowned self] in self.newMaster.map { self.isComplete(master: $0) } ?? false }),
        ]
        screen.title("swift-sentinel demo")
        screen.line("one master, two replicas: \(cast.dataNodesAre)")
        screen.line("three sentinels: this package's redis-sentinel, down-after-milliseconds 1000, quorum 2")
        begin()
    }

    /// Ends everything that runs.
    func end() {
        isOver = true
        limit?.cancel()
        for probe in probes + writers { probe.stop() }
        for listener in listeners { listener.stop() }
        cast.end()
    }

    // MARK: Steps

    private func begin() {
        let step = steps[current]
        screen.title(step.title)
        limit?.schedule(at: MonotonicClock.now + step.seconds * 1_000_000_000)
        step.begin()
    }

    /// Something new was seen: is it what the step waits for?
    private func look() {
        guard !isOver, steps[current].isDone() else { return }
        current += 1
        guard current < steps.count else { return conclude() }
        tellTopology()
        begin()
    }

    private func conclude() {
        limit?.schedule(at: nil)
        tellTopology()
        screen.title(isKept ? "Everything keeps running until Ctrl-C" : "Try it yourself with --keep")
        let port = newMaster.map { cast.nodes[$0].port } ?? 0
        screen.line("redis-cli -p \(cast.sentinels[0].port) sentinel get-master-addr-by-name \(Self.masterName)")
        screen.line("redis-cli -p \(cast.sentinels[0].port) psubscribe '*'")
        screen.line("redis-cli -p \(port) info replication")
        if !isKept { finished(0) }
    }

    private func fail(_ text: String) {
        guard !isOver else { return }
        screen.failure(text)
        finished(1)
    }

    private func raise() {
        do throws(SystemError) {
            for player in cast.nodes + cast.sentinels { try player.start() }
        } catch {
            return fail("a server could not be started: \(error)")
        }
        for index in cast.nodes.indices { watchNode(index) }
        for index in cast.sentinels.indices { watchSentinel(index) }
    }

    private func killMaster() {
        for (index, sentinel) in cast.sentinels.enumerated() {
            listeners.append(EventListener(sentinel.address) { [unowned self] in self.heard(index, $0, $1) })
        }
        screen.line("kill -9 \(cast.nodes[0].title), port \(cast.nodes[0].port)")
        seen.replication[0] = [:]
        killedAt = MonotonicClock.now
        cast.nodes[0].kill()
        for index in [1, 2] { tryWriting(index) }
    }

    private func reviveMaster() {
        screen.line("a master that comes back is demoted eight seconds after it was first heard of; meanwhile")
        killedAt = MonotonicClock.now
        do throws(SystemError) {
            try cast.nodes[0].start()
        } catch {
            fail("the old master could not be started again: \(error)")
        }
    }

    // MARK: Watching

    private func watchNode(_ index: Int) {
        probes.append(
            Probe(cast.nodes[index].address, every: 10, questions: { [["INFO", "replication"]] }) { [unowned self] in
                self.seen.replication[index] = Self.lines($0.first)
                self.tellAttached(index)
                self.look()
            })
    }

    private func watchSentinel(_ index: Int) {
        let name = Self.masterName
        let questions = [
            ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name], ["SENTINEL", "REPLICAS", name],
            ["SENTINEL", "SENTINELS", name],
        ]
        probes.append(
            Probe(cast.sentinels[index].address, every: 20, questions: { questions }) { [unowned self] replies in
                let replicas = replies[1].elements?.count ?? 0
                let peers = replies[2].elements?.count ?? 0
                if replicas > self.seen.replicas[index] || peers > self.seen.peers[index], self.current == 0 {
                    self.screen.line("sentinel \(index + 1) knows \(replicas) replicas and \(peers) other sentinels")
                }
                self.seen.masterPort[index] = replies[0].elements?.last?.text.flatMap { UInt16($0) }
                self.seen.replicas[index] = replicas
                self.seen.peers[index] = peers
                self.look()
            })
    }

    /// A client that keeps trying until it gets a write through.
    private func tryWriting(_ index: Int) {
        let writer = Probe(
            cast.nodes[index].address, every: 1,
            questions: { [unowned self] in self.newMaster == nil ? [["SET", "demo", "after the failover"]] : [] }
        ) { [unowned self] replies in
            guard self.newMaster == nil, replies.first == .simple("OK") else { return }
            self.newMaster = index
            self.screen.moment(
                since: self.killedAt, "first write accepted by \(self.cast.nodes[index].title), port "
                    + "\(self.cast.nodes[index].port)", isMilestone: true)
            self.look()
        }
        writers.append(writer)
    }

    private static let milestones: Set = ["+odown", "+elected-leader", "+promoted-slave", "+switch-master"]
    private static let told: Set = [
        "+sdown", "-sdown", "+odown", "+try-failover", "+vote-for-leader", "+elected-leader", "+selected-slave",
        "+promoted-slave", "+slave-reconf-sent", "+slave-reconf-done", "+failover-end", "+switch-master",
        "+convert-to-slave", "-role-change", "+role-change",
    ]

    private func heard(_ index: Int, _ event: String, _ payload: String) {
        guard Self.told.contains(event), current > 0, current < steps.count else { return }
        screen.moment(
            since: killedAt, "sentinel \(index + 1)  \(event) \(payload)",
            isMilestone: Self.milestones.contains(event))
    }

    private func tellAttached(_ index: Int) {
        guard current == 1, let newMaster, index != 0, index != newMaster, !toldAttached.contains(index),
            follows(index, newMaster)
        else { return }
        toldAttached.insert(index)
        screen.moment(
            since: killedAt, "\(cast.nodes[index].title) replicates from \(cast.nodes[newMaster].title)",
            isMilestone: true)
    }

    // MARK: Judging

    private func follows(_ replica: Int, _ master: Int) -> Bool {
        let lines = seen.replication[replica]
        return lines["role"] == "slave" && lines["master_port"] == "\(cast.nodes[master].port)"
            && lines["master_link_status"] == "up"
    }

    private func allSay(_ master: Int) -> Bool { seen.masterPort.allSatisfy { $0 == cast.nodes[master].port } }

    /// Whether all sentinels know everybody, and all nodes are what they should be.
    private func isComplete(master: Int) -> Bool {
        allSay(master) && seen.replicas.allSatisfy { $0 == 2 } && seen.peers.allSatisfy { $0 == 2 }
            && seen.replication[master]["role"] == "master"
            && cast.nodes.indices.allSatisfy { $0 == master || follows($0, master) }
    }

    private var hasFailedOver: Bool {
        guard let newMaster else { return false }
        return allSay(newMaster) && follows(3 - newMaster, newMaster)
    }

    private func tellTopology() {
        screen.title("The topology now")
        for (index, node) in cast.nodes.enumerated() {
            let lines = seen.replication[index]
            let role =
                switch lines["role"] {
                case "master": "master"
                case "slave": "replica of port \(lines["master_port"] ?? "?"), link \(lines["master_link_status"] ?? "?")"
                default: "down"
                }
            screen.line("\(node.title)      port \(node.port)  \(node.isRunning ? role : "down")")
        }
        for (index, sentinel) in cast.sentinels.enumerated() {
            screen.line(
                "\(sentinel.title)  port \(sentinel.port)  says the master is port "
                    + "\(seen.masterPort[index].map(String.init) ?? "?")")
        }
    }

    /// The `key:value` lines of an INFO reply.
    private static func lines(_ reply: Value?) -> [String: String] {
        var lines: [String: String] = [:]
        for line in (reply?.text ?? "").split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            lines[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        return lines
    }
}
