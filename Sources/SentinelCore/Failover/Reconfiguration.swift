// SPDX-License-Identifier: Apache-2.0

// After the promotion: the other replicas are pointed at the new master, `parallelSyncs` at a time, and then the group
// takes its new address. - Source: spec/monitoring.md 8, reconf_slaves and reset-and-change-address.

extension Sentinel {
    mutating func reconfigureReplicas(
        _ id: Master.ID, _ failover: Failover, promoted: ReplicaID, at now: Instant
    ) {
        guard tellPromotion(id, failover, of: promoted, at: now) else { return }
        let isOverdue = now - failover.stageSince > masters[id].failoverTimeout
        if isOverdue {
            emit(.failover(.endedForTimeout, label(id)))
            return endFailover(id, promoted: promoted, isBestEffort: true, at: now)
        }
        giveUpReconfigurations(id, at: now)
        startReconfigurations(id, promoted: promoted, at: now)
        let isDone = masters[id].replicas.allSatisfy { replica in
            // The promoted one must be there to serve; a replica that is down is not waited for.
            replica.id == promoted
                ? !replica.presence.isSdown
                : replica.presence.isSdown || replica.reconfiguration.isOver || isToBeLeft(replica, by: id)
                    || mayBeStray(replica.id, of: id, failover)
        }
        // The order must have been read before the link is closed with the move; it is not waited for long.
        if now - failover.stageSince > timing.pingPeriod || masters[id].presence.isSdown { masters[id].order = nil }
        guard isDone, masters[id].order == nil else { return }
        endFailover(id, promoted: promoted, isBestEffort: false, at: now)
    }

    /// Has the replaced master follow the promoted replica at once where it lives, as after a failover that an operator
    /// asked for: every write that it takes from here on is lost.
    ///
    /// The original lets it go on until it has been seen in the wrong role for four hello periods; that rule stands
    /// behind this one. - Source: spec/defects.md 50.
    mutating func demoteReplacedMaster(_ id: Master.ID, at now: Instant) {
        let link = masters[id].presence.link
        guard !masters[id].presence.isSdown, masters[id].info.role == .master, mayBeCorrected(link),
            !masters[id].presence.address.isSameNode(as: masters[id].currentAddress),
            let connection = links[link].command,
            let address = masters[id].currentAddressAnnounced(asHostname: settingsAnnounceHostnames)
        else { return }
        perform(.send(connection.id, .replicate(address, isBare: false), renamed: renames(of: link)))
        links[link].pending += 1
        masters[id].order = Replica.Order(master: address, connection: connection.id)
        emit(.convertedToReplica(labelOfReplacedMaster(id)))
    }

    /// A replica that was told and does not move is told once more, and gives its slot back; it is not waited for.
    ///
    /// Looked at whether or not a slot is free; the original only looks when one is. - Source: spec/defects.md 47.
    private mutating func giveUpReconfigurations(_ id: Master.ID, at now: Instant) {
        let address = masters[id].currentAddressAnnounced(asHostname: settingsAnnounceHostnames)
        for index in masters[id].replicas.indices {
            guard case .sent(let since) = masters[id].replicas[index].reconfiguration,
                now - since > timing.replicaReconfTimeout
            else { continue }
            masters[id].replicas[index].reconfiguration = .overdue
            emit(.failover(.reconfTimedOut, label(id, replicaAt: index)))
            guard let address, mayBeReconfigured(masters[id].replicas[index], of: id) else { continue }
            replicate(id, index, of: address, at: now)
            emit(.failover(.reconfSent, label(id, replicaAt: index)))
        }
    }

    private mutating func startReconfigurations(_ id: Master.ID, promoted: ReplicaID, at now: Instant) {
        guard let address = masters[id].currentAddressAnnounced(asHostname: settingsAnnounceHostnames) else { return }
        var underWay = masters[id].replicas.count {
            switch $0.reconfiguration {
            case .sent, .inProgress: true
            case .none, .overdue, .done: false
            }
        }
        for index in masters[id].replicas.indices {
            guard underWay < masters[id].parallelSyncs else { return }
            let replica = masters[id].replicas[index]
            guard replica.id != promoted, replica.reconfiguration == .none, mayBeReconfigured(replica, of: id)
            else { continue }
            replicate(id, index, of: address, at: now)
            masters[id].replicas[index].reconfiguration = .sent(since: now)
            emit(.failover(.reconfSent, label(id, replicaAt: index)))
            underWay += 1
        }
    }

    private func mayBeReconfigured(_ replica: Replica, of id: Master.ID) -> Bool {
        guard let failover = masters[id].failover else { return false }
        return takesOrders(replica.presence.link) && !mayBeMisled(replica, of: id) && !isToBeLeft(replica, by: id)
            && !mayBeStray(replica.id, of: id, failover)
    }

    private func mayBeStray(_ replica: ReplicaID, of id: Master.ID, _ failover: Failover) -> Bool {
        let trustsFirstAnswer = failover.trustsFirstAnswer(isMasterDown: masters[id].presence.isSdown)
        return mayBeStray(replica, of: id, trustsFirstAnswer: trustsFirstAnswer)
    }

    /// Whether an entry is the master under another name or at another address: it must not be told to follow itself.
    func isCurrentMaster(_ replica: Replica, of id: Master.ID) -> Bool {
        let current = masters[id].current
        let link = links[current.link]
        // What was seen where its name led by mistake is not about the master, once the name leads elsewhere.
        let isAstray = link.address.ip != current.address.ip && link.lead.lastConfirmed != current.address.ip
        if isAstray, masters[id].promoted == nil { return replica.presence.address.hasSameName(as: current.address) }
        if replica.presence.address.isSameNode(as: current.address) { return true }
        let runID = masters[id].promoted.map(\.info.runID) ?? masters[id].info.runID
        return runID != nil && replica.info.runID == runID
    }

    /// Whether an entry is none to be given orders: the master itself, or a node of another group.
    func isToBeLeft(_ replica: Replica, by id: Master.ID) -> Bool {
        isCurrentMaster(replica, of: id) || servesAnotherGroup(replica, than: id)
    }

    /// Follows a replica's way to its new master, from its INFO.
    mutating func noteReconfiguration(_ id: Master.ID, _ index: Int, at now: Instant) {
        guard let promoted = masters[id].promoted else { return }
        if masters[id].replicas[index].reconfiguration.isTold,
            follows(masters[id].replicas[index], promoted.presence.address, at: now) == true
        {
            masters[id].replicas[index].reconfiguration = .inProgress(since: now)
            masters[id].replicas[index].info.pause = .zero
            emit(.failover(.reconfInProgress, label(id, replicaAt: index)))
        }
        if case .inProgress = masters[id].replicas[index].reconfiguration,
            masters[id].replicas[index].isMasterLinkUp
        {
            masters[id].replicas[index].reconfiguration = .done
            emit(.failover(.reconfDone, label(id, replicaAt: index)))
        }
    }

    private mutating func endFailover(_ id: Master.ID, promoted: ReplicaID, isBestEffort: Bool, at now: Instant) {
        emit(.failover(.ended, label(id)))
        if isBestEffort, let address = masters[id].currentAddressAnnounced(asHostname: settingsAnnounceHostnames) {
            for index in masters[id].replicas.indices {
                let replica = masters[id].replicas[index]
                guard replica.id != promoted, replica.reconfiguration == .none, mayBeReconfigured(replica, of: id)
                else { continue }
                replicate(id, index, of: address, at: now)
                emit(.failover(.reconfSentBestEffort, label(id, replicaAt: index)))
            }
        }
        let from = masters[id].presence.address
        let to = masters[id].currentAddress
        if let failover = masters[id].failover {
            for replica in masters[id].replicas.map(\.id)
            where replica != promoted && mayBeStray(replica, of: id, failover) {
                drop(replica, of: id)
            }
        }
        emit(.masterSwitched(masters[id].name, from: announced(from), to: announced(to)))
        moveMaster(id, to: to, at: now)
    }

    /// Gives the group its new address: the old master becomes a replica, the sentinels stay.
    mutating func moveMaster(_ id: Master.ID, to address: NodeAddress, at now: Instant) {
        let old = masters[id].presence.address
        var replicas = masters[id].replicas.map(\.presence.address).filter { !$0.isSameNode(as: address) }
        if !old.isSameNode(as: address) {
            replicas.append(old)
        } else if !old.hasSameName(as: address), !isStillSaid(old), !NumericHost.isNumeric(address.host) {
            // The old name led to the new master by mistake.
            replicas.append(knownAddress(Endpoint(host: old.host, port: old.port)))
        }
        resetMaster(id, to: address, at: now)
        for replica in replicas { addReplica(replica, to: id, at: now, isNews: true) }
        doubtReplicasToCome(of: id)
        masters[id].configGeneration = persist()
    }

    /// Forgets what was seen of the master and drops its replicas; what it was told and agreed stays.
    mutating func resetMaster(_ id: Master.ID, to address: NodeAddress, at now: Instant) {
        for replica in masters[id].replicas { releaseLink(replica.presence.link, of: id) }
        releaseLink(masters[id].presence.link, of: id)
        unindex(id)
        masters[id].replicas = []
        let link = makeLink(to: address, .dataNode(id), user: id, at: now)
        masters[id].presence = Presence(address: address, link: link, at: now)
        index(id)
        let infoReceivedAt = masters[id].info.receivedAt
        masters[id].info = NodeInfo(role: .master, at: now)
        masters[id].info.receivedAt = infoReceivedAt
        masters[id].info.wantedAt = now
        masters[id].odownSince = nil
        masters[id].failover = nil
        masters[id].attemptedAt = nil
        masters[id].retryAt = nil
        masters[id].candidacyAt = nil
        masters[id].order = nil
        masters[id].splitVotes = 0
        masters[id].fruitlessAttempts = 0
        masters[id].refusedRestoration = false
        masters[id].rebootedAt = nil
        masters[id].follows = nil
        masters[id].conflict = Conflict()
        masters[id].leader = nil
        for index in masters[id].peers.indices {
            masters[id].peers[index].reportsMasterDown = false
            masters[id].peers[index].vote = nil
            masters[id].peers[index].contradictsSince = nil
            masters[id].peers[index].askDueAt = nil
            masters[id].peers[index].presence.helloDueAt = now
        }
        touch(.master(id), at: now)
    }
}

extension Master {
    /// Where the others are sent; `nil` while they could not find it.
    func currentAddressAnnounced(asHostname: Bool) -> Endpoint? {
        asHostname || currentAddress.ip != nil ? currentAddress.announced(asHostname: asHostname) : nil
    }
}
