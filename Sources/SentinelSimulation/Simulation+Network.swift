// SPDX-License-Identifier: Apache-2.0

// Connections: made, used, stalled and broken.

import SentinelCore
import SentinelWire

extension Simulation {
    /// How long unacknowledged data keeps a connection alive: the shell's TCP_USER_TIMEOUT.
    private static let userTimeout = Duration.seconds(15)

    func connect(_ process: SentinelProcess, _ id: ConnectionID, _ channel: Channel, to endpoint: Endpoint) {
        let host = deserted.contains(endpoint) ? nil : hostOfEndpoint[endpoint]
        let wire = Wire(owner: process, connection: id, channel: channel, target: host ?? process.host)
        process.wires[id] = wire
        guard let host else { return push(.closed, on: wire, to: .owner) }
        wiresTo[host].append(wire)
        push(.open, on: wire, to: .target)
    }

    func push(_ message: Wire.Message, on wire: Wire, to end: Wire.End) {
        let (from, to) = end == .target ? (wire.owner.host, wire.target) : (wire.target, wire.owner.host)
        var delay = dice.microseconds(schedule.latency)
        delay += .microseconds(network.slowness[from] + network.slowness[to])
        // What is lost is sent again a while later, and what follows waits for it.
        if now < lossyUntil, dice.chance(0.2) { delay += dice.milliseconds(200...1000) }
        let at: Instant
        switch end {
        case .target:
            at = max(wire.toTarget.busyUntil, now + delay)
            wire.toTarget.busyUntil = at
            wire.toTarget.append(message, at: now)
        case .owner:
            at = max(wire.toOwner.busyUntil, now + delay)
            wire.toOwner.busyUntil = at
            wire.toOwner.append(message, at: now)
        }
        timeline.enter(.arrival(wire, end), at: at)
    }

    func arrive(_ wire: Wire, _ end: Wire.End) throws(Violation) {
        switch end {
        case .target:
            guard !wire.toTarget.isHeldUp else { return wire.toTarget.hold() }
            try deliverToTarget(wire)
        case .owner:
            guard !wire.toOwner.isHeldUp else { return wire.toOwner.hold() }
            try deliverToOwner(wire)
        }
    }

    /// What was held up is sent again: all of it arrives if the path is open by now.
    func retry(_ wire: Wire, _ end: Wire.End) throws(Violation) {
        let arrivals: Int
        switch end {
        case .target: arrivals = isBlocked(towardsTargetOf: wire) ? 1 : wire.toTarget.resume()
        case .owner: arrivals = isBlocked(towardsOwnerOf: wire) ? 1 : wire.toOwner.resume()
        }
        guard arrivals > 0 else { return }
        for _ in 1..<arrivals { timeline.enter(.arrival(wire, end), at: now) }
        switch end {
        case .target: try deliverToTarget(wire)
        case .owner: try deliverToOwner(wire)
        }
    }

    private func isBlocked(towardsTargetOf wire: Wire) -> Bool {
        isUnplugged(wire.target) || network.isBlocked(from: wire.owner.host, to: wire.target)
    }

    private func isBlocked(towardsOwnerOf wire: Wire) -> Bool {
        network.isBlocked(from: wire.target, to: wire.owner.host)
    }

    // MARK: Towards the target

    private func deliverToTarget(_ wire: Wire) throws(Violation) {
        guard let (message, sentAt) = wire.toTarget.first else { return }
        if isBlocked(towardsTargetOf: wire) {
            return try stall(wire, message, since: sentAt)
        }
        wire.toTarget.removeFirst()
        let targetLife = life(of: wire.target)
        switch message {
        case .open:
            guard let targetLife, !wire.isDeserted else { return push(.closed, on: wire, to: .owner) }
            wire.targetLife = targetLife
            wire.isOpenAtTarget = true
            push(.opened, on: wire, to: .owner)
        case .request(let request):
            guard wire.isOpenAtTarget, let targetLife, wire.targetLife == targetLife else {
                return push(.closed, on: wire, to: .owner)
            }
            try receive(request, on: wire)
        case .closed: wire.isOpenAtTarget = false
        case .opened, .reply, .heard, .hello: break
        }
    }

    /// Has the head of the queue tried again later, or gives the connection up.
    private func stall(_ wire: Wire, _ message: Wire.Message, since sentAt: Instant) throws(Violation) {
        if case .open = message {
            guard wire.isOpenAtOwner else { return wire.toTarget.removeFirst() }
        } else if now - sentAt > Self.userTimeout {
            wire.toTarget.removeAll()
            return try end(wire)
        }
        if !wire.toTarget.isHeldUp { wire.toTarget.hold() }
        timeline.enter(.retry(wire, .target), at: now + dice.milliseconds(100...400))
    }

    private func receive(_ request: Request, on wire: Wire) throws(Violation) {
        if let node = nodeOfHost[wire.target] {
            guard !node.isPaused else { return node.inbox.append((wire, request)) }
            return serve(request, on: wire, at: node)
        }
        guard let process = processOfHost[wire.target] else { return }
        guard !process.isPaused else { return process.inbox.append(.request(wire, request)) }
        try serve(request, on: wire, at: process)
    }

    // MARK: Towards the owner

    private func deliverToOwner(_ wire: Wire) throws(Violation) {
        guard let (message, sentAt) = wire.toOwner.first else { return }
        let owner = wire.owner
        guard owner.life == wire.ownerLife, owner.isRunning, wire.isOpenAtOwner else {
            wire.isOpenAtTarget = false
            return wire.toOwner.removeFirst()
        }
        if isBlocked(towardsOwnerOf: wire) {
            if now - sentAt > Self.userTimeout {
                // The sender gave up; nobody tells the owner, who finds out when it writes.
                wire.isOpenAtTarget = false
                return wire.toOwner.removeAll()
            }
            if !wire.toOwner.isHeldUp { wire.toOwner.hold() }
            return timeline.enter(.retry(wire, .owner), at: now + dice.milliseconds(100...400))
        }
        wire.toOwner.removeFirst()
        switch message {
        case .opened: try feed(owner, .connected(wire.connection, localHost: owner.endpoint.host))
        case .reply(let reply):
            // One that waits for a process that stands still is not seen yet.
            if case .info = reply, !owner.isPaused { owner.infoMadeAt[wire.target] = sentAt }
            try feed(owner, .reply(wire.connection, forged(reply, for: owner, on: wire)))
        case .heard: try feed(owner, .heard(wire.connection))
        case .hello(let hello): try feed(owner, .hello(hello, on: wire.connection))
        case .closed: try end(wire)
        case .open, .request: break
        }
    }

    /// The owner learns that the connection is gone.
    private func end(_ wire: Wire) throws(Violation) {
        wire.isOpenAtTarget = false
        guard wire.isOpenAtOwner, wire.owner.life == wire.ownerLife, wire.owner.isRunning else { return }
        wire.isOpenAtOwner = false
        wire.owner.wires[wire.connection] = nil
        try feed(wire.owner, .disconnected(wire.connection, reason: "connection lost"))
    }

    /// Closes every connection to a host, as its kernel does when the process ends.
    func closeWires(to host: Int, isSilent: Bool) {
        for wire in wiresTo[host] where wire.isOpenAtTarget {
            wire.isOpenAtTarget = false
            if !isSilent { push(.closed, on: wire, to: .owner) }
        }
        // What is still being made may be taken by the next process there, or by nobody if it moves.
        wiresTo[host].removeAll { $0.targetLife != nil || !$0.isOpenAtOwner }
    }

    /// Resets every connection to and from a host.
    func resetWires(of host: Int) {
        closeWires(to: host, isSilent: false)
        for other in wiresTo.indices where other != host {
            for wire in wiresTo[other] where wire.owner.host == host && wire.isOpenAtTarget {
                wire.isOpenAtTarget = false
                push(.closed, on: wire, to: .owner)
            }
        }
    }

    private func life(of host: Int) -> Int? {
        if let node = nodeOfHost[host] { return node.isRunning ? node.life : nil }
        return processOfHost[host].flatMap { $0.isRunning ? $0.life : nil }
    }

    private func isUnplugged(_ host: Int) -> Bool {
        nodeOfHost[host]?.isUnplugged ?? processOfHost[host]?.isUnplugged ?? false
    }

    // MARK: Sentinels as senders and servers

    func send(_ request: Request, on wire: Wire, by process: SentinelProcess) throws(Violation) {
        var request = request
        guard let target = endpoint(of: wire.target) else { return }
        if case .replicate(let master, let isBare) = request {
            if sabotage == .replicaOfItself, master != nil { request = .replicate(target, isBare: isBare) }
            say(process.name, "tells \(target) to follow \(master?.description ?? "nobody")")
            try checkOrder(request, to: target, by: process)
        }
        if process.isOriginal, case .hello(let hello) = request {
            configurations.toldByOriginal(hello, isOneNode: mayBeOneNode)
        }
        push(.request(request), on: wire, to: .target)
        guard schedule.occurs(.repeatedRequest), request.changesSomething else { return }
        if oldRequests.count < 100 {
            oldRequests.append((wire, request))
        } else {
            oldRequests[dice.number(0...99)] = (wire, request)
        }
    }

    /// A request of another sentinel.
    func serve(_ request: Request, on wire: Wire, at process: SentinelProcess) throws(Violation) {
        let place = wire.replies.count
        wire.replies.append(nil)
        func obey(_ command: Command) throws(Violation) {
            var group: MasterName?
            if case .isMasterDown(let endpoint, _, _) = command { group = self.group(of: endpoint, for: process) }
            let question = SentinelProcess.Question(command: command, askedAt: now, group: group)
            let id = process.makeRequest(.peer(wire, place: place, question))
            try feed(process, .command(id, command))
        }
        switch request {
        case .ping: complete(wire, place, .ping(.pong))
        case .isMasterDown(let endpoint, let epoch, let candidate):
            try obey(.isMasterDown(endpoint, epoch: epoch, candidate: candidate))
        case .hello(let hello):
            remember(hello)
            guard sabotage != .hellosDoNotSpread else { return complete(wire, place, .published(true)) }
            try obey(.publishHello(throughText(hello)))
        case .authenticate, .introduce, .scriptKill, .info, .replicate, .speakRESP3, .subscribeToHellos:
            complete(wire, place, .other)
        }
    }

    /// Puts a reply in its place; replies leave in the order of the requests.
    func complete(_ wire: Wire, _ place: Int, _ reply: Reply) {
        guard place < wire.replies.count else { return }
        wire.replies[place] = reply
        while wire.repliesSent < wire.replies.count, let next = wire.replies[wire.repliesSent] {
            if wire.isOpenAtTarget { push(.reply(next), on: wire, to: .owner) }
            wire.repliesSent += 1
        }
        // Places stay valid, but what was sent is not kept.
        if wire.repliesSent > 0 { wire.replies[wire.repliesSent - 1] = nil }
    }

    func endpoint(of host: Int) -> Endpoint? {
        nodeOfHost[host]?.endpoint ?? processOfHost[host]?.endpoint
    }

    private func forged(_ reply: Reply, for owner: SentinelProcess, on wire: Wire) -> Reply {
        switch (sabotage, reply) {
        case (.everyAnswerIsAVote, .opinion(let opinion)):
            .opinion(
                Opinion(isDown: opinion.isDown, vote: Vote(candidate: owner.runID, epoch: owner.lastRaisedEpoch)))
        case (.disconnectionIsNotSeen, .info(var report)):
            .info(hidingDisconnection(&report))
        case (.promotionIsNotSeen, .info(var report)):
            .info(hidingPromotion(&report))
        default: reply
        }
    }

    private func hidingDisconnection(_ report: inout InfoReport) -> InfoReport {
        report.masterLinkDownFor = .zero
        return report
    }

    private func hidingPromotion(_ report: inout InfoReport) -> InfoReport {
        if report.role == .master, report.replicas.isEmpty { report.role = .replica }
        return report
    }

    /// The hello as its text is understood; what the same sender has just said is not read again.
    func throughText(_ hello: Hello) -> Hello? {
        let process = hostOfEndpoint[hello.sender].flatMap { processOfHost[$0] }
        if let process, hello == process.understoodHello { return hello }
        let understood = Hello(text: Array(hello.text.utf8))
        process?.understoodHello = understood
        return understood
    }

    func remember(_ hello: Hello) {
        if oldHellos.count < 200 { oldHellos.append(hello) } else { oldHellos[dice.number(0...199)] = hello }
    }
}

extension Request {
    /// Whether it would do something if it came a second time.
    fileprivate var changesSomething: Bool {
        switch self {
        case .hello, .isMasterDown, .replicate: true
        case .authenticate, .introduce, .ping, .info, .scriptKill, .speakRESP3, .subscribeToHellos: false
        }
    }
}
