// SPDX-License-Identifier: Apache-2.0

// Names of nodes and sentinels, and what each sentinel's resolver says of them: usually what the records hold, which
// are a while behind when something has moved; now and then nothing, or an address that is somebody else's or nobody's.

import SentinelCore

/// How a world uses names.
package enum NameUse: Sendable {
    case none
    /// Sentinels are configured by names and tell each other addresses.
    case resolved
    /// Names are what they tell each other and write down.
    case announced
}

/// What names stand for.
struct NameService {
    private struct Lie {
        let name: String
        let address: String
        /// The host of the one that it is told to, or `nil` for all.
        let victim: Int?
        let until: Instant
    }

    /// By name.
    private var records: [String: String] = [:]
    private var lies: [Lie] = []
    /// Until when the resolver of a host gets no answers.
    private var silentUntil: [Int: Instant] = [:]

    /// What a resolver waits for an answer; the shell's limit.
    static let timeout = Duration.seconds(5)

    mutating func record(_ name: String, _ address: String) { records[name] = address }
    func recorded(_ name: String) -> String? { records[name] }

    mutating func silence(_ host: Int, until: Instant) { silentUntil[host] = until }

    mutating func lie(about name: String, address: String, to victim: Int?, until: Instant, at now: Instant) {
        lies.removeAll { $0.until <= now }
        lies.append(Lie(name: name, address: address, victim: victim, until: until))
    }

    /// What the resolver of `host` says, or `nil` if it gets no answer in time.
    func answer(_ name: String, to host: Int, at now: Instant) -> [String]? {
        if let until = silentUntil[host], now < until { return nil }
        let lie = lies.last { $0.name == name && now < $0.until && ($0.victim ?? host) == host }
        return (lie?.address ?? records[name]).map { [$0] } ?? []
    }

    mutating func heal() {
        lies = []
        silentUntil = [:]
    }
}

extension Simulation {
    // MARK: Who is meant

    /// Whether both mean one node or sentinel, by its name or an address it has or had.
    func isOneNode(_ one: Endpoint, _ other: Endpoint) -> Bool {
        if one == other { return true }
        guard schedule.names != .none, let host = hostOfEndpoint[one] else { return false }
        return hostOfEndpoint[other] == host
    }

    /// Whether somebody who was told lies may hold both for one node.
    func mayBeOneNode(_ one: Endpoint, _ other: Endpoint) -> Bool {
        if isOneNode(one, other) { return true }
        func isTold(_ endpoint: Endpoint, of owner: Int, _ addresses: Set<String>) -> Bool {
            hostOfEndpoint[endpoint] == owner || addresses.contains(endpoint.host)
        }
        return liesTold.contains { isTold(one, of: $0.key, $0.value) && isTold(other, of: $0.key, $0.value) }
    }

    /// Whether whoever goes to `endpoint` arrives at `node`, unless he is lied to.
    func leads(_ endpoint: Endpoint, to node: DataNode) -> Bool {
        guard hostOfEndpoint[endpoint] == node.host, !deserted.contains(endpoint) else { return false }
        return NumericHost.isNumeric(endpoint.host) || names.recorded(endpoint.host) == node.endpoint.host
    }

    // MARK: Resolving

    func resolve(_ name: String, for process: SentinelProcess) {
        let isSlow = dice.chance(0.02)
        let time = isSlow ? dice.milliseconds(100...4000) : dice.microseconds(200...20_000)
        let answer = names.answer(name, to: process.host, at: now)
        say(process.name, "asks for \(name), which is \(answer?.joined() ?? "not answered")")
        timeline.enter(
            .input(process, life: process.life, .resolved(name, answer ?? [])),
            at: now + (answer == nil ? NameService.timeout : time))
    }

    // MARK: Faults

    func disturbNames(_ fault: Fault, _ chance: inout Dice) {
        let victim = chance.chance(0.6) ? chance.number(0...(schedule.drawnSentinels - 1)) : nil
        switch fault {
        case .nameTimeout:
            let until = now + chance.milliseconds(1000...20000)
            for process in sentinels where victim == nil || process.host == victim {
                names.silence(process.host, until: until)
            }
        case .wrongName: lie(to: victim, &chance)
        default:
            let node = chance.chance(0.6) ? presumedMaster(&chance) : node(&chance)
            if let node { move(node, &chance) }
        }
    }

    /// Has a node's name stand for another node, of its own group or another, or for nobody.
    private func lie(to victim: Int?, _ chance: inout Dice) {
        guard let node = node(&chance), let other = self.node(&chance) else { return }
        let isNobody = chance.chance(0.4)
        let address = isNobody ? "10.9.0.\(chance.number(1...200))" : other.endpoint.host
        // Longer ones than sentinels have patience for can't be told from the truth, but for those that lead nowhere.
        let until = now + (isNobody ? chance.milliseconds(500...20000) : chance.milliseconds(500...8000))
        guard address != node.endpoint.host else { return }
        say("fault", "\(victim.map { "s\($0 + 1)" } ?? "everybody") is told that \(node.name) is \(address)")
        names.lie(about: node.name, address: address, to: victim, until: until, at: now)
        liesTold[node.host, default: []].insert(address)
        // Asked by address about another group's master, its sentinels vote for that group: nobody can tell.
        if schedule.names == .resolved, !isNobody, other.group != node.group { votes.isAmbiguous = true }
    }

    /// A node goes to another address; its record follows later.
    private func move(_ node: DataNode, _ chance: inout Dice) {
        for wire in wiresTo[node.host] { wire.isDeserted = true }
        crash(node, isUnplugged: chance.chance(0.5))
        // Where numbers are what is told of a node and written, the operator who moved it looks after it.
        if schedule.names == .resolved || node.announcedHost == nil { tear(node.group) }
        deserted.insert(node.endpoint)
        movesMade += 1
        node.endpoint = Endpoint(host: "10.2.\(movesMade / 250).\(movesMade % 250 + 1)", port: node.endpoint.port)
        hostOfEndpoint[node.endpoint] = node.host
        say("fault", "\(node.name) is at \(node.endpoint) now")
        timeline.enter(.heal(.record(node)), at: now + chance.milliseconds(0...5000))
        timeline.enter(.nodeStarts(node, crashes: node.crashes), at: now + chance.milliseconds(100...8000))
    }
}
