// SPDX-License-Identifier: Apache-2.0

// What clients and other sentinels ask of this one. - Source: spec/commands.md 6.

extension Sentinel {
    /// The names of all masters, in the order they are shown in.
    package var masterNames: [MasterName] { masterOrder.map { masters[$0].name } }
    package func isWatched(_ name: MasterName) -> Bool { masterByName[name] != nil }

    /// Whether a known sentinel is at this numeric address, on whatever port.
    package func hasPeer(at ip: String) -> Bool {
        peerLinks.values.joined().contains { links[$0].address.ip == ip }
    }

    /// The answer to a command that only looks; `nil` for one that changes something, or whose answer may take time.
    ///
    /// Changes nothing; it is mutating so that it works on the sentinel where that is. It would get a copy otherwise.
    package mutating func answer(to command: Command, at now: Instant) -> Response? {
        switch command {
        case .masters: .instances(masterOrder.map { describe(master: $0, at: now) })
        case .master(let name): ofMaster(name) { .instance(describe(master: $0, at: now)) }
        case .replicas(let name): ofMaster(name) { .instances(describeReplicas(of: $0, at: now)) }
        case .peers(let name): ofMaster(name) { .instances(describePeers(of: $0, at: now)) }
        case .masterAddress(let name):
            .address(masterByName[name].map { announced(addressForClients(of: $0)) })
        case .myID: .id(myID)
        case .checkQuorum(let name): ofMaster(name) { .quorum(quorumReport($0)) }
        case .summary: .summary(summary(at: now))
        case .infoCache(let names): .infoCache(infoCache(names, at: now))
        case .timing: .timing(timing)
        case .configuration(let patterns): .configuration(options, patterns: patterns)
        case .pendingScripts: .pendingScripts(pendingScripts(at: now))
        case .isMasterDown, .failover, .reset, .monitor, .remove, .set, .flushConfiguration, .publishHello, .setTiming,
            .configure, .simulateFailure:
            nil
        }
    }

    mutating func obey(_ request: RequestID, _ command: Command, at now: Instant) {
        switch command {
        case .masters, .master, .replicas, .peers, .masterAddress, .myID, .checkQuorum, .summary, .infoCache, .timing,
            .configuration, .pendingScripts:
            if let response = answer(to: command, at: now) { reply(request, response) }
        case .isMasterDown(let endpoint, let epoch, let candidate):
            answerPeer(request, about: endpoint, epoch: epoch, candidate: candidate, at: now)
        case .failover(let name):
            withMaster(name, request) { $0.failOverOnRequest($1, request, at: now) }
        case .reset(let names): reset(names, request, at: now)
        case .monitor(let name, let host, let port, let quorum):
            monitor(name, host, port, quorum: quorum, request, at: now)
        case .remove(let name):
            withMaster(name, request) { sentinel, id in
                sentinel.emit(.unmonitored(sentinel.label(id)))
                sentinel.removeMaster(id)
                sentinel.answerOnceSaved(request, .ok)
            }
        case .set(let name, let changes):
            withMaster(name, request) { $0.set(changes, for: $1, request, at: now) }
        case .flushConfiguration: answerOnceSaved(request, .ok)
        case .publishHello(let hello):
            if let hello { helloHeard(hello, on: nil, at: now) } else { counters.malformedHellos += 1 }
            reply(request, .count(1))
        case .setTiming(let timing):
            self.timing = timing
            for id in links.ids { touch(.link(id), at: now) }
            for id in masterOrder { touch(.master(id), at: now) }
            wake(.scripts, at: now)
            if let renewedAt = tilt.renewedAt { wake(.tilt, at: max(now, renewedAt + timing.tiltPeriod)) }
            reply(request, .ok)
        case .configure(let options): configure(options, request, at: now)
        case .simulateFailure(let failures, let listsKinds):
            simulatedFailures = failures
            reply(request, listsKinds ? .failureKinds : .ok)
        }
    }

    mutating func reply(_ request: RequestID, _ response: Response) { perform(.answer(request, response)) }

    private mutating func answerOnceSaved(_ request: RequestID, _ response: Response) {
        answer(request, response, once: persist(), otherwise: .failed(.notSaved))
    }

    private func ofMaster(_ name: MasterName, _ answer: (Master.ID) -> Response) -> Response {
        masterByName[name].map(answer) ?? .failed(.unknownMaster)
    }

    private mutating func withMaster(
        _ name: MasterName, _ request: RequestID, _ body: (inout Sentinel, Master.ID) -> Void
    ) {
        guard let id = masterByName[name] else { return reply(request, .failed(.unknownMaster)) }
        body(&self, id)
    }

    // MARK: Peers

    private mutating func answerPeer(
        _ request: RequestID, about endpoint: Endpoint, epoch: Epoch, candidate: RunID?, at now: Instant
    ) {
        var id = master(at: NodeAddress(endpoint))
        if id == nil {
            let question = Command.isMasterDown(endpoint, epoch: epoch, candidate: candidate)
            guard let address = locate(endpoint, orPutAside: .command(request, question), at: now) else { return }
            id = master(at: address)
        }
        guard let id else {
            return reply(request, .opinion(isDown: false, leader: nil, epoch: .zero))
        }
        let isDown = masters[id].presence.isSdown && !tilt.isOn
        peerAsked(about: id, at: now)
        guard let candidate else { return reply(request, .opinion(isDown: isDown, leader: nil, epoch: .zero)) }
        vote(for: candidate, in: epoch, master: id, at: now)
        answer(
            request, .opinion(isDown: isDown, leader: masters[id].leader, epoch: masters[id].leaderEpoch),
            once: masters[id].voteGeneration, otherwise: .opinion(isDown: isDown, leader: nil, epoch: .zero))
    }

    private func quorumReport(_ id: Master.ID) -> Response.QuorumReport {
        let usable = 1 + masters[id].peers.count { !$0.presence.isSdown && hasOwnPlace($0) }
        return Response.QuorumReport(
            usable: usable, reachesQuorum: usable >= masters[id].quorum,
            reachesMajority: usable >= masters[id].voters / 2 + 1)
    }

    // MARK: Operators

    /// The settings that are not those of one master.
    private var options: [SentinelOption] {
        [
            .resolvesHostnames(resolvesHostnames), .announcesHostnames(settingsAnnounceHostnames),
            .announceHost(announceHost), .announcePort(announcePort), .sentinelUser(sentinelUser),
            .sentinelPassword(sentinelPassword), .logThreshold(logThreshold),
        ]
    }

    private mutating func configure(_ options: [SentinelOption], _ request: RequestID, at now: Instant) {
        // The next start would refuse the name.
        if options.contains(.resolvesHostnames(false)), let id = links.ids.first(where: { links[$0].address.ip == nil })
        {
            return reply(request, .failed(.nameInUse(links[id].address.host)))
        }
        for option in options {
            switch option {
            case .resolvesHostnames(let isOn): setResolvesHostnames(isOn, at: now)
            case .announcesHostnames(let isOn): settingsAnnounceHostnames = isOn
            case .announceHost(let host): announceHost = host
            case .announcePort(let port): announcePort = port
            case .sentinelUser(let user): sentinelUser = user
            case .sentinelPassword(let password): sentinelPassword = password
            case .logThreshold(let level):
                logThreshold = level
                perform(.setLogThreshold(level))
            }
        }
        let changesCredentials = options.contains {
            switch $0 {
            case .sentinelUser, .sentinelPassword: true
            default: false
            }
        }
        if changesCredentials {
            for link in peerLinks.values.joined().sorted() { reconnect(link, at: now) }
        }
        answerOnceSaved(request, .ok)
    }

    private mutating func failOverOnRequest(_ id: Master.ID, _ request: RequestID, at now: Instant) {
        guard masters[id].failover == nil else { return reply(request, .failed(.inProgress)) }
        let candidates = replicaCandidates(id, trustsFirstAnswer: true, evenIfDisputed: true, at: now)
        guard ReplicaSelection.best(of: candidates) != nil else { return reply(request, .failed(.noGoodReplica)) }
        reply(request, .ok)
        emitLog(.userRequestedFailover(masters[id].name))
        beginFailover(id, isForced: true, at: now)
        touch(.master(id), at: now)
    }

    private mutating func reset(_ names: [MasterName], _ request: RequestID, at now: Instant) {
        var count = 0
        for name in names {
            guard let id = masterByName[name] else { continue }
            dropPeers(of: id)
            // A promotion that was told stays true: its config epoch stands for the promoted replica.
            let (old, current) = (masters[id].presence.address, masters[id].currentAddress)
            if !current.isSameNode(as: old) {
                emit(.masterSwitched(masters[id].name, from: announced(old), to: announced(current)))
            }
            resetMaster(id, to: current, at: now)
            doubtReplicasToCome(of: id)
            emit(.masterReset(label(id)))
            count += 1
        }
        // The original forgets to save; what was dropped would come back. - Source: spec/defects.md 17.
        if count > 0 { persist() }
        reply(request, .count(count))
    }

    private mutating func monitor(
        _ name: MasterName, _ host: String, _ port: Int, quorum: Int, _ request: RequestID, at now: Instant
    ) {
        let command = Command.monitor(name, host: host, port: port, quorum: quorum)
        // The port is looked at after the host, so it does not matter here.
        let hostAlone = Endpoint(host: host, port: 0)
        guard
            let address = locate(hostAlone, mustBeFresh: true, orPutAside: .command(request, command), at: now)
        else { return }
        guard address.ip != nil else { return reply(request, .failed(.unresolvableHost)) }
        guard let port = UInt16(exactly: port) else { return reply(request, .failed(.invalidPort)) }
        guard masterByName[name] == nil else { return reply(request, .failed(.duplicateMaster)) }
        let endpoint = Endpoint(host: host, port: port)
        var settings = MasterSettings(name: name, address: endpoint, quorum: quorum)
        settings.downAfter = timing.defaultDownAfter
        settings.failoverTimeout = timing.defaultFailoverTimeout
        // A group of this name may have had our vote in this epoch before it was removed.
        settings.leaderEpoch = currentEpoch
        let id = addMaster(settings, at: now)
        answerOnceSaved(request, .ok)
        emit(.monitored(label(id), quorum: quorum))
    }

    private mutating func set(_ changes: [OptionChange], for id: Master.ID, _ request: RequestID, at now: Instant) {
        for change in changes {
            apply(change.option, to: id, at: now)
            emit(.optionSet(label(id), option: change.name, value: change.shown))
        }
        touch(.master(id), at: now)
        answerOnceSaved(request, .ok)
    }

    private mutating func apply(_ option: MasterOption, to id: Master.ID, at now: Instant) {
        switch option {
        case .downAfter(let duration):
            masters[id].downAfter = duration
            updateDownAfter(id, at: now)
        case .failoverTimeout(let duration): masters[id].failoverTimeout = duration
        case .masterRebootDownAfter(let duration): masters[id].masterRebootDownAfter = duration
        case .parallelSyncs(let count): masters[id].parallelSyncs = count
        case .quorum(let count): masters[id].quorum = count
        case .notificationScript(let path): masters[id].notificationScript = path
        case .clientReconfigScript(let path): masters[id].clientReconfigScript = path
        case .authUser(let user):
            masters[id].authUser = user
            reconnectDataNodes(of: id, at: now)
        case .authPassword(let password):
            masters[id].authPassword = password
            reconnectDataNodes(of: id, at: now)
        case .renamedCommand(let command, let name):
            masters[id].renamedCommands.removeAll { $0.command.lowercased() == command.lowercased() }
            if let name { masters[id].renamedCommands.append(RenamedCommand(command: command, name: name)) }
        }
    }

    /// Brings a new down-after to the links of the group; a shared one keeps the shortest of its users.
    private mutating func updateDownAfter(_ id: Master.ID, at now: Instant) {
        for link in linksUsed(by: id) {
            sharePace(ofLink: link)
            touch(.link(link), at: now)
        }
    }

    private mutating func reconnectDataNodes(of id: Master.ID, at now: Instant) {
        for link in [masters[id].presence.link] + masters[id].replicas.map(\.presence.link) { reconnect(link, at: now) }
    }

    private func linksUsed(by id: Master.ID) -> [Link.ID] {
        [masters[id].presence.link] + masters[id].replicas.map(\.presence.link) + masters[id].peers.map(\.presence.link)
    }
}
