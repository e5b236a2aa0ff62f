// SPDX-License-Identifier: Apache-2.0

// The demo is a row of stages. Each has a goal, looked at whenever something new is known, and a time limit; one timer
// asks all servers and sentinels for news several times a second. What the sentinels publish is printed as it comes.

import ClusterProcesses
import EventLoop
import RESP

/// One master, two replicas, three sentinels: started, broken, healed and taken down again.
final class Demo {
    private enum Stage {
        case preparing, replicating, discovering, writing, failingOver, returning, keeping, stopping
    }

    private static let lookPause: UInt64 = 20_000_000
    private static let writesBefore = 100
    private static let writesAfter = 20
    private static let secondsToStop: UInt64 = 5

    private let keepsRunning: Bool
    private var stage = Stage.preparing
    private var stageEndsAt = UInt64.max
    private var timeline = Timeline()
    private lazy var timer = DeadlineTimer { [unowned self] in tick() }
    private var signals: [SignalSource] = []

    private var fleet: Fleet?
    private var program = ServerProgram.embedded(path: "")
    private var sentinelPath = ""
    private var cluster: Cluster?
    private var writer: Writer?

    /// What was printed as discovered, so that it is printed once.
    private var printed: Set<String> = []
    /// The server that takes the killed one's place.
    private var newMaster: DataServer?
    private var lastWriteBefore: UInt64 = 0
    private var acknowledgedBefore = 0
    private var firstWriteAfter: (at: UInt64, value: Int)?
    private var nextProgressSeconds: UInt64 = 5

    init(keepsRunning: Bool) { self.keepsRunning = keepsRunning }
}

// MARK: - From stage to stage

extension Demo {
    func start() {
        for signal in OwnProcess.endingSignals {
            signals.append(SignalSource(signal) { [unowned self] in interrupted(signal) })
        }
        Console.readerHasGone = { [unowned self] in stop(code: 1) }
        guard let ownPath = OwnProcess.path, let sibling = OwnProcess.sibling("redis-sentinel") else {
            return fail("this program's own file cannot be found")
        }
        sentinelPath = OwnProcess.environment("SENTINEL_DEMO_SENTINEL") ?? sibling
        guard ProcessFacts.canExecute(sentinelPath) else { return fail("there is no sentinel at \(sentinelPath)") }
        program = .choose(ownPath: ownPath, wish: OwnProcess.environment("SENTINEL_DEMO_SERVER"))
        guard let fleet = Fleet("sentinel-demo", ownPath: ownPath) else {
            return fail("no temporary directory could be made")
        }
        self.fleet = fleet
        fleet.memberFailed = { [unowned self] in memberFailed($0) }
        fleet.guardianFailed = { [unowned self] in fail("the process that cleans up has ended") }
        timer.schedule(at: MonotonicClock.now)
        enter(.preparing, seconds: 10)
        attempt { () throws(SystemError) in
            try fleet.start { [unowned self] in startServers() }
        }
    }

    private func enter(_ stage: Stage, seconds: UInt64) {
        self.stage = stage
        stageEndsAt = MonotonicClock.now + seconds * 1_000_000_000
    }

    private func attempt(_ body: () throws(SystemError) -> Void) {
        do throws(SystemError) { try body() } catch { fail("\(error)") }
    }

    private func startServers() {
        guard stage == .preparing, let fleet else { return }
        guard let addresses = FreeAddresses.find(6) else { return fail("no free ports were found") }
        let cluster = Cluster(addresses: addresses) { [unowned self] in heard($0, $1, $2) }
        self.cluster = cluster
        Console.heading("1. One master, two replicas")
        Console.line("   servers:   \(program.description)")
        Console.line("   sentinels: \(sentinelPath)")
        timeline.restart()
        attempt { () throws(SystemError) in
            for server in cluster.servers {
                let master = server === cluster.oldMaster ? nil : cluster.oldMaster
                server.member = try program.launch(server, replicaOf: master, in: fleet)
                timeline.add(server.name, "started at \(server.address), process \(server.member?.processID ?? 0)")
            }
        }
        if stage == .preparing { enter(.replicating, seconds: 20) }
    }

    private func startSentinels() {
        guard let fleet, let cluster else { return }
        Console.heading("2. Three sentinels discover them, and each other")
        timeline.restart()
        enter(.discovering, seconds: 40)
        attempt { () throws(SystemError) in
            for watcher in cluster.watchers {
                let directory = fleet.makeDirectory(watcher.name)
                let file = try write(
                    Watcher.configuration(port: watcher.port, directory: directory, master: cluster.oldMaster.address),
                    to: "\(directory)/sentinel.conf")
                watcher.member = try fleet.launch(watcher.name, program: sentinelPath, arguments: [file])
                timeline.add(watcher.name, "started at \(watcher.address), told of \(cluster.oldMaster.name) alone")
            }
        }
    }

    private func startWriting() {
        guard let cluster else { return }
        enter(.writing, seconds: 20)
        Console.line("   Everybody knows everybody. A client begins to write, to the master a sentinel names.")
        let writer = Writer(sentinels: cluster.watchers.map { RedisLink($0.address) })
        writer.accepted = { [unowned self] in writeAccepted(port: $0, value: $1) }
        self.writer = writer
        writer.start()
    }

    private func killMaster() {
        guard let cluster else { return }
        Console.heading("3. The master dies")
        lastWriteBefore = writer?.acknowledgedAt ?? 0
        acknowledgedBefore = writer?.acknowledged ?? 0
        let process = cluster.oldMaster.member?.processID ?? 0
        cluster.oldMaster.member?.kill()
        timeline.restart()
        timeline.add(cluster.oldMaster.name, Console.bad("kill -9 \(process)"))
        enter(.failingOver, seconds: 90)
    }

    private func restartOldMaster() {
        guard let fleet, let cluster, let newMaster else { return }
        Console.heading("4. The old master comes back")
        Console.line("   It still believes it is the master. Sentinels look at replicas every 10 s and give one 8 s to")
        Console.line("   come round by itself; to keep this short the demo lowers both, as an operator could:")
        Console.line("   SENTINEL DEBUG INFO-PERIOD 1000 PUBLISH-PERIOD 200")
        nextProgressSeconds = 5
        for watcher in cluster.watchers {
            watcher.link.send(["SENTINEL", "DEBUG", "INFO-PERIOD", "1000", "PUBLISH-PERIOD", "200"]) { reply in
                if reply?.errorText != nil { Console.line("   \(watcher.name) does not know that; it may take 20 s") }
            }
        }
        timeline.restart()
        enter(.returning, seconds: 90)
        attempt { () throws(SystemError) in
            let server = cluster.oldMaster
            server.member = try program.launch(server, replicaOf: nil, in: fleet)
            timeline.add(server.name, "started as it was, beside \(newMaster.name)")
        }
    }

    private func finish() {
        guard let cluster else { return }
        writer?.stop()
        Console.heading("5. In the end")
        for line in cluster.description { Console.line("   \(line)") }
        let (master, sentinel) = (newMaster?.port ?? 0, cluster.watchers[0].port)
        Console.line()
        Console.line("   redis-cli -p \(master) INFO replication")
        Console.line("   redis-cli -p \(sentinel) SENTINEL GET-MASTER-ADDR-BY-NAME \(Watcher.group)")
        Console.line("   redis-cli -p \(sentinel) PSUBSCRIBE '*'")
        guard keepsRunning else {
            Console.line(Console.faint("   (with --keep all of this stays for you to look at)"))
            return stop(code: 0)
        }
        Console.line()
        Console.line("   All of it keeps running until you press Ctrl-C. Kill a server and see:")
        timeline.restart()
        enter(.keeping, seconds: 1_000_000_000)
    }
}

// MARK: - What comes in

extension Demo {
    private func tick() {
        let now = MonotonicClock.now
        guard stage != .stopping || now < stageEndsAt else { ProcessFacts.exit(1) }
        timer.schedule(at: now + Self.lookPause)
        switch stage {
        case .preparing, .stopping, .keeping: break
        case .replicating, .discovering, .writing, .failingOver, .returning:
            cluster?.look { [unowned self] in advance() }
        }
        if now >= stageEndsAt { return fail("this took too long; \(missing)") }
        if stage == .returning, timeline.elapsedMilliseconds / 1000 >= nextProgressSeconds {
            timeline.add("", Console.faint("still waiting: \(missing)"))
            nextProgressSeconds += 5
        }
    }

    /// Goes on to the next stage if the goal of this one is reached.
    private func advance() {
        guard let cluster else { return }
        switch stage {
        case .preparing, .keeping, .stopping: break
        case .replicating:
            printAttached(to: cluster.oldMaster)
            if cluster.attached(to: cluster.oldMaster).count == 2 { startSentinels() }
        case .discovering:
            printDiscoveries()
            if cluster.watchers.allSatisfy(\.knowsAll) { startWriting() }
        case .writing:
            if writer?.acknowledged ?? 0 >= Self.writesBefore, cluster.haveCaughtUp { killMaster() }
        case .failingOver:
            if newMaster == nil { newMaster = cluster.replicas.first { $0.port == cluster.agreedPort } }
            guard let newMaster else { return }
            printAttached(to: newMaster)
            let haveSwitched = cluster.watchers.allSatisfy { $0.switchedPort == newMaster.port }
            if haveSwitched, !cluster.attached(to: newMaster).isEmpty, hasWrittenEnough {
                printSummary()
                restartOldMaster()
            }
        case .returning:
            guard let newMaster else { return }
            printAttached(to: newMaster)
            let isComplete = cluster.attached(to: newMaster).count == 2 && newMaster.connectedReplicas == 2
            if isComplete, cluster.agreedPort == newMaster.port { finish() }
        }
    }

    private func heard(_ watcher: String, _ event: String, _ payload: [Substring]) {
        switch stage {
        case .failingOver, .returning, .keeping:
            guard let cluster else { return }
            let words = EventWords { cluster.name(of: $0) }
            if let text = words.describe(event, payload) { timeline.add(watcher, text) }
            advance()
        case .preparing, .replicating, .discovering, .writing, .stopping: break
        }
    }

    private func writeAccepted(port: UInt16, value: Int) {
        guard let cluster else { return }
        guard stage == .failingOver, firstWriteAfter == nil, port != cluster.oldMaster.port else { return advance() }
        firstWriteAfter = (MonotonicClock.now, value)
        timeline.add("client", Console.good("first write accepted by \(cluster.name(of: port))"))
    }

    private func memberFailed(_ member: Member) {
        guard stage != .keeping else { return timeline.add(member.name, Console.bad("has ended")) }
        let lines = member.lastWords.map { "\n   \(member.name): \($0)" }.joined()
        fail("\(member.name) ended by itself\(lines)")
    }

    private func interrupted(_ signal: Int32) {
        guard stage != .stopping else { return }
        Console.line()
        stop(code: stage == .keeping ? 0 : 128 + signal)
    }

    private func fail(_ problem: String) {
        guard stage != .stopping else { return }
        Console.line()
        Console.error(Console.bad("sentinel-demo failed: \(problem)"))
        stop(code: 1)
    }

    /// Takes everything down and ends; what cannot be taken down within seconds is left to the guardian.
    private func stop(code: Int32) {
        guard stage != .stopping else { return }
        enter(.stopping, seconds: Self.secondsToStop)
        Console.readerHasGone = {}
        writer?.stop()
        guard let fleet else { ProcessFacts.exit(code) }
        fleet.stop {
            if code == 0 { Console.line("   Stopped and removed everything.") }
            ProcessFacts.exit(code)
        }
    }
}

// MARK: - What is known

extension Demo {
    private var hasWrittenEnough: Bool {
        firstWriteAfter != nil && (writer?.acknowledged ?? 0) >= acknowledgedBefore + Self.writesAfter
    }

    /// What the stage still waits for, in words.
    private var missing: String {
        guard let cluster else { return "the process that cleans up did not start" }
        switch stage {
        case .preparing, .keeping, .stopping: return ""
        case .replicating:
            let names = cluster.replicas.filter { !$0.isAttached(to: cluster.oldMaster) }.map(\.name)
            return "no replication at \(names.joined(separator: ", "))"
        case .discovering:
            let names = cluster.watchers.filter { !$0.knowsAll }.map(\.name)
            return "not everybody is known to \(names.joined(separator: ", "))"
        case .writing: return "the client could not write, or the replicas did not keep up"
        case .failingOver:
            if newMaster == nil { return "the sentinels have not agreed on a new master" }
            if firstWriteAfter == nil { return "the new master did not accept a write" }
            return "not everybody follows the new master"
        case .returning: return "the old master has not become a replica yet"
        }
    }
}

// MARK: - What is printed

extension Demo {
    /// Calls `timeline.add` once for each different text.
    private func printOnce(_ who: String, _ what: String) {
        if printed.insert("\(who) \(what)").inserted { timeline.add(who, what) }
    }

    private func printAttached(to master: DataServer) {
        for server in cluster?.attached(to: master) ?? [] { printOnce(server.name, "replicates from \(master.name)") }
    }

    private func printDiscoveries() {
        guard let cluster else { return }
        for watcher in cluster.watchers {
            for port in watcher.replicas.keys.sorted() {
                printOnce(watcher.name, "knows replica \(cluster.name(of: port))")
            }
            for port in watcher.peers.keys.sorted() { printOnce(watcher.name, "knows \(cluster.name(of: port))") }
        }
    }

    private func printSummary() {
        guard let firstWriteAfter else { return }
        let pause = (firstWriteAfter.at - lastWriteBefore) / 1_000_000
        let lost = max(0, acknowledgedBefore + 1 - firstWriteAfter.value)
        let share = "1000 of them for down-after-milliseconds"
        Console.line("   Writing stood still for \(Console.bold("\(pause) ms")), \(share).")
        Console.line("   Of \(acknowledgedBefore) acknowledged writes \(lost == 0 ? "none was" : "\(lost) were") lost.")
    }
}
