// SPDX-License-Identifier: Apache-2.0

// A sentinel that follows the original's rules and no others, for a quorum of both kinds: it decides on a tick of 52 to
// 100 ms, asks once a second, votes in no epoch older than its own, stands at once when the master is objectively down,
// and after any attempt waits for twice the failover timeout. Written from the description of the original's behaviour,
// and sharing nothing with the core but the messages.
//
// Left out is what no other sentinel can tell: shared links, scripts, names of hosts, authentication.
// - Source: spec/monitoring.md 1 to 8; what it says of the order within a tick is kept.

import SentinelCore

/// The original's rules.
final class OriginalSentinel: Brain {
    let myID: RunID
    let endpoint: Endpoint
    let tiltPeriod: Duration
    var currentEpoch: Epoch
    var groups: [OriginalGroup] = []
    var effects: [Effect] = []
    var dice: Dice
    private(set) var nextDeadline: Instant?
    private var tickedAt: Instant?
    private var tiltSince: Instant?
    private var connections: UInt64 = 0
    private var saves: UInt64 = 0

    var isTilted: Bool { tiltSince != nil }

    init(_ settings: Settings, myID: RunID, endpoint: Endpoint, tiltPeriod: Duration, dice: Dice) {
        self.myID = myID
        self.endpoint = endpoint
        self.tiltPeriod = tiltPeriod
        self.dice = dice
        currentEpoch = settings.masters.reduce(settings.currentEpoch) { max($0, $1.configEpoch, $1.leaderEpoch) }
        groups = settings.masters.map { OriginalGroup($0, at: .start) }
    }

    func handle(_ input: Input, at now: Instant) -> [Effect] {
        effects = []
        take(input, at: now)
        if nextDeadline.map({ $0 <= now }) ?? true { tick(at: now) }
        return effects
    }

    var remembered: Settings {
        var settings = Settings()
        settings.myID = myID
        settings.currentEpoch = currentEpoch
        settings.masters = groups.map(\.remembered)
        return settings
    }

    func opinion(of name: MasterName, at now: Instant) -> (flags: [InstanceDescription.Flag], stage: FailoverStage?)? {
        guard let group = groups.first(where: { $0.name == name }) else { return nil }
        var flags: [InstanceDescription.Flag] = group.master.isDown ? [.sdown, .master] : [.master]
        if group.isOdown { flags.append(.odown) }
        if !group.master.canSend { flags.append(.disconnected) }
        return (flags, group.stage == .none ? nil : .waitStart)
    }

    // MARK: Inputs

    private func take(_ input: Input, at now: Instant) {
        switch input {
        case .connected(let id, _): withInstance(id) { $0.connected(id) }
        case .disconnected(let id, _): withInstance(id) { $0.disconnected(id, at: now) }
        case .reply(let id, let reply): replied(id, reply, at: now)
        case .heard(let id): withInstance(id) { $0.heardAt = now }
        case .hello(let hello, let id):
            withInstance(id) { $0.heardAt = now }
            // Its own words come back on every node.
            if hello.runID != myID { heard(hello, at: now) }
        case .command(let request, let command): obey(request, command, at: now)
        case .started, .woken, .malformedHello, .scriptStarted, .scriptEnded, .persisted, .persistFailed, .resolved:
            break
        }
    }

    private func withInstance(_ id: ConnectionID, _ body: (inout OriginalInstance) -> Void) {
        for index in groups.indices where groups[index].withInstance(id, body) { return }
    }

    private func replied(_ id: ConnectionID, _ reply: Reply, at now: Instant) {
        withInstance(id) { $0.pending = max(0, $0.pending - 1) }
        switch reply {
        case .ping(let answer):
            withInstance(id) { $0.ponged(answer, at: now) }
        case .published(let isTaken):
            if isTaken { withInstance(id) { $0.publishedAt = now } }
        case .info(let report): infoReceived(report, on: id, at: now)
        case .opinion(let opinion):
            for group in groups.indices {
                guard let peer = groups[group].peers.firstIndex(where: { $0.instance.command == id }) else { continue }
                groups[group].peers[peer].note(opinion, at: now)
            }
        case .replicated, .protocolAgreed, .subscribed, .authenticated, .other, .malformed: break
        }
    }

    // MARK: Commands

    private func obey(_ request: RequestID, _ command: Command, at now: Instant) {
        func answer(_ response: Response) { effects.append(.answer(request, response)) }
        switch command {
        case .masterAddress(let name):
            answer(.address(groups.first { $0.name == name }?.currentAddress))
        case .isMasterDown(let endpoint, let epoch, let candidate):
            guard let index = groups.firstIndex(where: { $0.master.endpoint == endpoint }) else {
                return answer(.opinion(isDown: false, leader: nil, epoch: .zero))
            }
            if let candidate { vote(for: candidate, in: epoch, index, at: now) }
            let isDown = groups[index].master.isDown && !isTilted
            answer(
                candidate == nil
                    ? .opinion(isDown: isDown, leader: nil, epoch: .zero)
                    : .opinion(isDown: isDown, leader: groups[index].leader, epoch: groups[index].leaderEpoch))
        case .publishHello(let hello):
            // Its own, which it would take for another's: known, and not ours to mend.
            if let hello, hello.runID != myID { heard(hello, at: now) }
            answer(.count(1))
        case .failover(let name):
            guard let index = groups.firstIndex(where: { $0.name == name }) else {
                return answer(.failed(.unknownMaster))
            }
            guard groups[index].stage == .none else { return answer(.failed(.inProgress)) }
            guard bestReplica(index, at: now) != nil else { return answer(.failed(.noGoodReplica)) }
            effects.append(.log(.userRequestedFailover(name)))
            startFailover(index, isForced: true, at: now)
            answer(.ok)
        case .reset(let names):
            for index in groups.indices where names.contains(groups[index].name) {
                closePeers(of: index)
                move(index, to: groups[index].master.endpoint, replicas: [], at: now)
                groups[index].peers = []
                effects.append(.emit(.masterReset(label(index))))
            }
            save()
            answer(.count(names.count))
        case .remove(let name):
            guard let index = groups.firstIndex(where: { $0.name == name }) else {
                return answer(.failed(.unknownMaster))
            }
            closePeers(of: index)
            for link in groups[index].links { effects.append(.disconnect(link)) }
            effects.append(.emit(.unmonitored(label(index))))
            groups.remove(at: index)
            save()
            answer(.ok)
        case .monitor(let name, let host, let port, let quorum):
            guard !groups.contains(where: { $0.name == name }), let port = UInt16(exactly: port) else {
                return answer(.failed(.duplicateMaster))
            }
            var settings = MasterSettings(
                name: name, address: Endpoint(host: host, port: port), quorum: quorum)
            // What the original lacks: another vote in this epoch would be the operator's fault.
            settings.leaderEpoch = currentEpoch
            groups.append(OriginalGroup(settings, at: now))
            save()
            answer(.ok)
        case .set(let name, let changes):
            guard let index = groups.firstIndex(where: { $0.name == name }) else {
                return answer(.failed(.unknownMaster))
            }
            for change in changes {
                switch change.option {
                case .downAfter(let duration): groups[index].downAfter = duration
                case .failoverTimeout(let duration): groups[index].failoverTimeout = duration
                case .parallelSyncs(let count): groups[index].parallelSyncs = count
                case .quorum(let count): groups[index].quorum = count
                default: break
                }
            }
            save()
            answer(.ok)
        default: answer(.ok)
        }
    }

    func closePeers(of index: Int) {
        for peer in groups[index].peers {
            if let link = peer.instance.command { effects.append(.disconnect(link)) }
        }
    }

    // MARK: The tick

    private func tick(at now: Instant) {
        if let before = tickedAt, now - before > .seconds(2) || now < before {
            tiltSince = now
            effects.append(.emit(.tiltEntered))
        }
        tickedAt = now
        for index in groups.indices {
            talk(index, at: now)
            if let since = tiltSince {
                guard now - since > tiltPeriod else { continue }
                tiltSince = nil
                effects.append(.emit(.tiltLeft))
            }
            groups[index].recycleLinks(at: now, &effects)
            noteSdown(index, at: now)
            noteOdown(index)
            if startFailoverIfNeeded(index, at: now) { askPeers(index, isForced: true, at: now) }
            takeStep(index, at: now)
            askPeers(index, isForced: false, at: now)
        }
        for index in groups.indices where groups[index].stage == .updateConfiguration { switchMaster(index, at: now) }
        nextDeadline = now + .milliseconds(dice.number(52...100))
    }

    /// Connects, and sends what is due.
    private func talk(_ index: Int, at now: Instant) {
        let hello = Hello(
            sender: endpoint, runID: myID, currentEpoch: currentEpoch, masterName: groups[index].name,
            master: groups[index].currentAddress, configEpoch: groups[index].configEpoch)
        let isUrgent = groups[index].isOdown || groups[index].stage != .none
        let downAfter = groups[index].downAfter
        groups[index].forEachInstance { instance, kind in
            reconnect(&instance, isNode: kind != .sentinel, at: now)
            guard let link = instance.command, instance.canSend, !instance.isFull else { return }
            let infoPeriod: Duration =
                kind == .replica && (isUrgent || instance.masterLinkDownFor != .zero) ? .seconds(1) : .seconds(10)
            func send(_ request: Request) {
                effects.append(.send(link, request, renamed: []))
                instance.pending += 1
            }
            if kind != .sentinel, instance.infoAt.map({ now - $0 > infoPeriod }) ?? true { send(.info) }
            let pingPeriod = min(downAfter, .seconds(1))
            if now - instance.pongAt > pingPeriod, now - instance.pingAt > pingPeriod / 2 {
                send(.ping)
                instance.pingAt = now
                if instance.unansweredSince == nil { instance.unansweredSince = now }
            }
            if now - instance.publishedAt > .seconds(2) { send(.hello(hello)) }
        }
    }

    private func reconnect(_ instance: inout OriginalInstance, isNode: Bool, at now: Instant) {
        guard now - instance.attemptedAt >= .seconds(1), instance.command == nil || (isNode && instance.hellos == nil)
        else { return }
        instance.attemptedAt = now
        if instance.command == nil {
            let id = makeConnection()
            instance.command = id
            instance.connectedAt = now
            instance.pending = 1
            effects.append(.connect(id, .command, to: instance.endpoint))
            effects.append(.send(id, .ping, renamed: []))
            instance.pingAt = now
            if instance.unansweredSince == nil { instance.unansweredSince = now }
        }
        if isNode, instance.hellos == nil {
            let id = makeConnection()
            instance.hellos = id
            instance.hellosConnectedAt = now
            instance.heardAt = now
            effects.append(.connect(id, .hello, to: instance.endpoint))
            effects.append(.send(id, .subscribeToHellos, renamed: []))
        }
    }

    private func makeConnection() -> ConnectionID {
        connections += 1
        return ConnectionID(connections)
    }

    // MARK: What others use

    /// The original saves before it goes on; the simulator's disk does so for it.
    func save() {
        saves += 1
        effects.append(.persist(Generation(saves)))
    }

    func raise(to epoch: Epoch, _ index: Int) {
        guard epoch > currentEpoch else { return }
        currentEpoch = epoch
        save()
        effects.append(.emit(.epochRaised(epoch, groups[index].name)))
    }

    func label(_ index: Int) -> InstanceLabel {
        let address = groups[index].master.endpoint
        return InstanceLabel(
            kind: .master, name: groups[index].name.text, address: address, masterName: groups[index].name,
            masterAddress: address)
    }
}
