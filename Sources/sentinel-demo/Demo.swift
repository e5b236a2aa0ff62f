// SPDX-License-Identifier: Apache-2.0

// The demo is a row of stages. Each has a goal, looked at whenever something new is known, and a time limit; one timer
// asks all servers and sentinels for news several times a second. What the sentinels publish is printed as it comes.

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
    private var servers: [Server] = []
    private var watchers: [Watcher] = []
    private var writer: Writer?
    private lazy var words = EventWords(name: { [unowned self] in name(of: $0) })

    /// What was printed as discovered, so that it is printed once.
    private var printed: Set<String> = []
    /// The server that is killed, and the one that takes its place.
    private var oldMaster: Server { servers[0] }
    private var newMaster: Server?
    private var lastWriteBefore: UInt64 = 0
    private var acknowledgedBefore = 0
    private var firstWriteAfter: (at: UInt64, value: Int)?
    private var nextProgressSeconds: UInt64 = 5

    init(keepsRunning: Bool) { self.keepsRunning = keepsRunning }
}

// MARK: - From stage to stage

extension Demo {
    func start() {
        for number: Int32 in [1, 2, 15] { signals.append(SignalSource(number) { [unowned self] in interrupted(number) }) }
        Console.readerHasGone = { [unowned self] in stop(code: 1) }
        guard let ownPath = Process.ownPath else { return fail("this program's own file cannot be found") }
        let directory = ownPath[..<(ownPath.lastIndex(of: "/") ?? ownPath.startIndex)]
        sentinelPath = Process.environment("SENTINEL_DEMO_SENTINEL") ?? "\(directory)/redis-sentinel"
        guard Process.isExecutable(sentinelPath) else { return fail("there is no sentinel at \(sentinelPath)") }
        program = .choose(ownPath: ownPath)
        guard let fleet = Fleet(ownPath: ownPath) else { return fail("no temporary directory could be made") }
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
        guard let addresses = freeAddresses(6) else { return fail("no free ports were found") }
        servers = (0..<3).map { Server(name: "server-\($0 + 1)", address: addresses[$0]) }
        watchers = (0..<3).map { index in
            let name = "sentinel-\(index + 1)"
            return Watcher(name: name, address: addresses[3 + index]) { [unowned self] in heard(name, $0, $1) }
        }
        Console.heading("1. One master, two replicas")
        Console.line("   servers:   \(program.description)")
        Console.line("   sentinels: \(sentinelPath)")
        timeline.restart()
        attempt { () throws(SystemError) in
            for server in servers {
                let master = server === oldMaster ? nil : oldMaster
                server.member = try program.launch(server, replicaOf: master, in: fleet)
                timeline.add(server.name, "started at \(server.address), process \(server.member?.processID ?? 0)")
            }
        }
        if stage == .preparing { enter(.replicating, seconds: 20) }
    }

    private func startSentinels() {
        guard let fleet else { return }
        Console.heading("2. Three sentinels discover them, and each other")
        timeline.restart()
        enter(.discovering, seconds: 40)
        attempt { () throws(SystemError) in
            for watcher in watchers {
                let directory = fleet.makeDirectory(watcher.name)
                let file = try write(
                    Watcher.configuration(port: watcher.port, directory: directory, master: oldMaster.address),
                    to: "\(directory)/sentinel.conf")
                watcher.member = try fleet.launch(watcher.name, program: sentinelPath, arguments: [file])
                timeline.add(watcher.name, "started at \(watcher.address), told of \(oldMaster.name) alone")
            }
        }
    }

    private func startWriting() {
        enter(.writing, seconds: 20)
        Console.line("   Everybody knows everybody. A client begins to write, to the master a sentinel names.")
        let writer = Writer(sentinels: watchers.map { RedisLink($0.address) })
        writer.accepted = { [unowned self] in writeAccepted(port: $0, value: $1) }
        self.writer = writer
        writer.start()
    }

    private func killMaster() {
        Console.heading("3. The master dies")
        lastWriteBefore = writer?.acknowledgedAt ?? 0
        acknowledgedBefore = writer?.acknowledged ?? 0
        let process = oldMaster.member?.processID ?? 0
        oldMaster.member?.kill()
        timeline.restart()
        timeline.add(oldMaster.name, Console.bad("kill -9 \(process)"))
        printed = []
        enter(.failingOver, seconds: 90)
    }

    private func restartOldMaster() {
        guard let fleet, let newMaster else { return }
        Console.heading("4. The old master comes back")
        Console.line("   It still believes it is the master. Sentinels look at replicas every 10 s and give one 8 s to")
        Console.line("   come round by itself; to keep this short the demo lowers both, as an operator could:")
        Console.line("   SENTINEL DEBUG INFO-PERIOD 1000 PUBLISH-PERIOD 200")
        nextProgressSeconds = 5
        for watcher in watchers {
            watcher.link.send(["SENTINEL", "DEBUG", "INFO-PERIOD", "1000", "PUBLISH-PERIOD", "200"]) { reply in
                if reply?.errorText != nil { Console.line("   \(watcher.name) does not know that; it may take 20 s") }
            }
        }
        timeline.restart()
        printed = []
        enter(.returning, seconds: 90)
        attempt { () throws(SystemError) in
            oldMaster.member = try program.launch(oldMaster, replicaOf: nil, in: fleet)
            timeline.add(oldMaster.name, "started as it was, beside \(newMaster.name)")
        }
    }

    private func finish() {
        writer?.stop()
        Console.heading("5. In the end")
        for line in topology { Console.line("   \(line)") }
        let port = newMaster?.port ?? 0
        Console.line()
        Console.line("   redis-cli -p \(port) INFO replication")
        Console.line("   redis-cli -p \(watchers[0].port) SENTINEL GET-MASTER-ADDR-BY-NAME \(Watcher.group)")
        Console.line("   redis-cli -p \(watchers[0].port) PSUBSCRIBE '*'")
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
        guard stage != .stopping || now < stageEndsAt else { Process.exit(1) }
        timer.schedule(at: now + Self.lookPause)
        switch stage {
        case .preparing, .stopping, .keeping: break
        case .replicating, .discovering, .writing, .failingOver, .returning:
            for server in servers where server.member?.isRunning == true { server.look { [unowned self] in advance() } }
            for watcher in watchers where watcher.member?.isRunning == true {
                watcher.look { [unowned self] in advance() }
            }
        }
        if now >= stageEndsAt { return fail("this took too long; \(missing)") }
        if stage == .returning, timeline.elapsedMilliseconds / 1000 >= nextProgressSeconds {
            timeline.add("", Console.faint("still waiting: \(missing)"))
            nextProgressSeconds += 5
        }
    }

    /// Goes on to the next stage if the goal of this one is reached.
    private func advance() {
        switch stage {
        case .preparing, .keeping, .stopping: break
        case .replicating:
            printAttached(to: oldMaster)
            if servers.dropFirst().allSatisfy({ $0.isAttached(to: oldMaster) }) { startSentinels() }
        case .discovering:
            printDiscoveries()
            if watchers.allSatisfy(knowsAll) { startWriting() }
        case .writing:
            if writer?.acknowledged ?? 0 >= Self.writesBefore, haveCaughtUp { killMaster() }
        case .failingOver:
            if newMaster == nil { newMaster = servers.dropFirst().first { $0.port == agreedPort } }
            guard let newMaster, let third = servers.dropFirst().first(where: { $0 !== newMaster }) else { return }
            printAttached(to: newMaster)
            let haveSwitched = watchers.allSatisfy { $0.switchedPort == newMaster.port }
            if haveSwitched, third.isAttached(to: newMaster), hasWrittenEnough {
                printSummary()
                restartOldMaster()
            }
        case .returning:
            guard let newMaster else { return }
            printAttached(to: newMaster)
            if oldMaster.isAttached(to: newMaster), agreedPort == newMaster.port { finish() }
        }
    }

    private func heard(_ watcher: String, _ event: String, _ payload: [Substring]) {
        switch stage {
        case .failingOver, .returning, .keeping:
            if let text = words.describe(event, payload) { timeline.add(watcher, text) }
            advance()
        case .preparing, .replicating, .discovering, .writing, .stopping: break
        }
    }

    private func writeAccepted(port: UInt16, value: Int) {
        guard stage == .failingOver, firstWriteAfter == nil, port != oldMaster.port else { return advance() }
        firstWriteAfter = (MonotonicClock.now, value)
        timeline.add("client", Console.good("first write accepted by \(name(of: "\(port)"))"))
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
        guard let fleet else { Process.exit(code) }
        fleet.stop {
            if code == 0 { Console.line("   Stopped and removed everything.") }
            Process.exit(code)
        }
    }
}

// MARK: - What is known

extension Demo {
    /// The port all sentinels tell clients, or `nil` while they differ.
    private var agreedPort: UInt16? {
        let ports = Set(watchers.map(\.masterPort))
        return ports.count == 1 ? ports.first.flatMap { $0 } : nil
    }

    private func knowsAll(_ watcher: Watcher) -> Bool {
        watcher.replicas.values.count { $0 } == 2 && watcher.peers.values.count { $0 } == 2
    }

    private var haveCaughtUp: Bool {
        servers.dropFirst().allSatisfy { $0.isAttached(to: oldMaster) && $0.info["slave_repl_offset"] != "0" }
    }

    private var hasWrittenEnough: Bool {
        firstWriteAfter != nil && (writer?.acknowledged ?? 0) >= acknowledgedBefore + Self.writesAfter
    }

    /// The name of whoever has that port or run ID.
    private func name(of key: Substring) -> String {
        if let server = servers.first(where: { String($0.port) == key }) { return server.name }
        return watchers.first { String($0.port) == key || $0.identity.map { $0 == key } == true }?.name ?? String(key)
    }

    /// What the stage still waits for, in words.
    private var missing: String {
        switch stage {
        case .preparing: return "the process that cleans up did not start"
        case .replicating:
            let names = servers.dropFirst().filter { !$0.isAttached(to: oldMaster) }.map(\.name)
            return "no replication at \(names.joined(separator: ", "))"
        case .discovering:
            let names = watchers.filter { !knowsAll($0) }.map(\.name)
            return "not everybody is known to \(names.joined(separator: ", "))"
        case .writing: return "the client could not write, or the replicas did not keep up"
        case .failingOver:
            if newMaster == nil { return "the sentinels have not agreed on a new master" }
            if firstWriteAfter == nil { return "the new master did not accept a write" }
            return "not everybody follows the new master"
        case .returning: return "the old master has not become a replica yet"
        case .keeping, .stopping: return ""
        }
    }
}

// MARK: - What is printed

extension Demo {
    /// Calls `timeline.add` once for each different text.
    private func printOnce(_ who: String, _ what: String) {
        if printed.insert("\(who) \(what)").inserted { timeline.add(who, what) }
    }

    private func printAttached(to master: Server) {
        for server in servers where server !== master && server.isAttached(to: master) {
            printOnce(server.name, "replicates from \(master.name)")
        }
    }

    private func printDiscoveries() {
        for watcher in watchers {
            for port in watcher.replicas.keys.sorted() { printOnce(watcher.name, "knows replica \(name(of: "\(port)"))") }
            for port in watcher.peers.keys.sorted() { printOnce(watcher.name, "knows \(name(of: "\(port)"))") }
        }
    }

    private func printSummary() {
        guard let firstWriteAfter else { return }
        let pause = (firstWriteAfter.at - lastWriteBefore) / 1_000_000
        let lost = max(0, acknowledgedBefore + 1 - firstWriteAfter.value)
        Console.line("   Writing stood still for \(Console.bold("\(pause) ms")), 1000 of them for down-after-milliseconds.")
        Console.line("   Of \(acknowledgedBefore) acknowledged writes \(lost == 0 ? "none was" : "\(lost) were") lost.")
    }

    private var topology: [String] {
        let lines = servers.map { server in
            let role: String
            if server.isMaster {
                role = "master, \(server.connectedReplicas) replicas"
            } else {
                role = "replica of \(name(of: Substring(server.info["master_port"] ?? "?")))"
            }
            return line(server.name, server.address, role)
        }
        return lines
            + watchers.map { watcher in
                let master = watcher.masterPort.map { name(of: "\($0)") } ?? "?"
                return line(
                    watcher.name, watcher.address,
                    "master is \(master); \(watcher.replicas.count) replicas, \(watcher.peers.count) other sentinels")
            }
    }

    private func line(_ name: String, _ address: SocketAddress, _ text: String) -> String {
        "\(Console.padded(name, 12))\(Console.padded("\(address)", 18))\(text)"
    }
}

/// Addresses on this machine that nobody listens on.
///
/// Below the range systems take ports for outgoing connections from, so that nobody gets one by accident while the
/// server that had it is down.
func freeAddresses(_ count: Int) -> [SocketAddress]? {
    var held: [Listener] = []
    defer { for listener in held { listener.close() } }
    for _ in 0..<1000 where held.count < count {
        let port = UInt16.random(in: 16000..<32000)
        guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { return nil }
        if let listener = try? Listener(on: address, accepted: { $0.close() }) { held.append(listener) }
    }
    return held.count == count ? held.map(\.localAddress).sorted { ($0.port ?? 0) < ($1.port ?? 0) } : nil
}
