// SPDX-License-Identifier: Apache-2.0

// INFO: how data nodes are discovered, and how it is seen that they took the role they were given.
// - Source: spec/monitoring.md 3.1, 7.

extension Sentinel {
    /// The INFO period of a replica right now.
    private func infoPeriod(ofReplica index: Int, of id: Master.ID) -> Duration {
        let isUrgent =
            masters[id].presence.isSdown || masters[id].failover != nil
            || masters[id].replicas[index].masterLinkDownFor != .zero
        return isUrgent ? min(timing.fastInfoPeriod, timing.infoPeriod) : timing.infoPeriod
    }

    /// Sends what INFO is due in the group, and says when the next is.
    mutating func sendInfos(_ id: Master.ID, at now: Instant) -> Instant? {
        // Each part is looked at where it is: one handed to a method of the sentinel would have all of it copied.
        var deadline: Instant?
        let (link, period) = (masters[id].presence.link, timing.infoPeriod)
        if links[link].hasRoom {
            let due = masters[id].info.dueAt(period: period)
            if due <= now {
                sendInfo(on: link)
                masters[id].info.askedAt = now
                masters[id].info.wantedAt = nil
                deadline = .earlier(deadline, now + period)
            } else {
                deadline = .earlier(deadline, due)
            }
        }
        for index in masters[id].replicas.indices {
            let period = infoPeriod(ofReplica: index, of: id)
            let link = masters[id].replicas[index].presence.link
            guard links[link].hasRoom else { continue }
            let due = masters[id].replicas[index].info.dueAt(period: period)
            if due <= now {
                sendInfo(on: link)
                masters[id].replicas[index].info.askedAt = now
                masters[id].replicas[index].info.wantedAt = nil
                deadline = .earlier(deadline, now + period)
            } else {
                deadline = .earlier(deadline, due)
            }
        }
        return deadline
    }

    private mutating func sendInfo(on link: Link.ID) {
        guard let connection = links[link].command else { return }
        perform(.send(connection.id, .info, renamed: renames(of: link)))
        links[link].pending += 1
    }

    /// Has the INFO of one node asked for again as soon as possible.
    mutating func askAgain(_ link: Link.ID, at now: Instant) {
        guard case .dataNode(let id) = links[link].target else { return }
        if masters[id].presence.link == link { masters[id].info.wantedAt = now }
        for index in masters[id].replicas.indices where masters[id].replicas[index].presence.link == link {
            masters[id].replicas[index].info.wantedAt = now
        }
        touch(.master(id), at: now)
    }

    /// Asks the replicas of a group that is about to change as soon as possible.
    mutating func expectChange(_ id: Master.ID, at now: Instant) {
        for index in masters[id].replicas.indices { masters[id].replicas[index].info.wantedAt = now }
        touch(.master(id), at: now)
    }

    /// The node took the order, and its INFO will tell; or it refused the transaction, as one does that lacks or
    /// forbids one of its commands, and gets the bare order instead. - Source: spec/defects.md 51.
    mutating func replicationOrdered(isTaken: Bool, on link: Link.ID, at now: Instant) {
        guard case .dataNode(let id) = links[link].target else { return }
        guard let index = masters[id].replicas.firstIndex(where: { $0.presence.link == link }) else {
            if masters[id].presence.link == link { masterOrderAnswered(isTaken: isTaken, id, at: now) }
            return
        }
        let order = masters[id].replicas[index].order
        masters[id].replicas[index].order = nil
        if !isTaken, order == nil { promotionRefused(id, masters[id].replicas[index].id, at: now) }
        if !isTaken, let order, let connection = links[link].command {
            emitLog(.orderRefused(label(id, replicaAt: index)))
            if stillStands(order, to: masters[id].replicas[index].id, of: id) {
                perform(.send(connection.id, .replicate(order.master, isBare: true), renamed: renames(of: link)))
                links[link].pending += 1
                masters[id].replicas[index].info.askedAt = nil
            }
        }
        masters[id].replicas[index].info.wantedAt = now
        masters[id].replicas[index].info.pause = .zero
        touch(.master(id), at: now)
    }

    /// Whether an order would be given now, too: its answer may have been long under way.
    private func stillStands(_ order: Replica.Order, to replica: ReplicaID, of id: Master.ID) -> Bool {
        guard let master = order.master else { return masters[id].failover?.stage == .waitPromotion(replica) }
        return master == masters[id].currentAddressAnnounced(asHostname: settingsAnnounceHostnames)
    }

    /// The same of the master itself. One that refused to be a master again gets the bare order with the next attempt.
    private mutating func masterOrderAnswered(isTaken: Bool, _ id: Master.ID, at now: Instant) {
        guard let order = masters[id].order else { return }
        masters[id].order = nil
        let link = masters[id].presence.link
        if order.master == nil {
            if !isTaken { emitLog(.orderRefused(label(id))) }
            masters[id].refusedRestoration = !isTaken
        } else if !isTaken, let connection = links[link].command {
            emitLog(.orderRefused(labelOfReplacedMaster(id)))
            perform(.send(connection.id, .replicate(order.master, isBare: true), renamed: renames(of: link)))
            links[link].pending += 1
        }
        touch(.master(id), at: now)
    }

    /// Has a node follow another one, or nobody, and asks at once what became of it.
    mutating func replicate(_ id: Master.ID, _ index: Int, of endpoint: Endpoint?, at now: Instant) {
        let link = masters[id].replicas[index].presence.link
        guard let connection = links[link].command else { return }
        perform(.send(connection.id, .replicate(endpoint, isBare: false), renamed: renames(of: link)))
        masters[id].replicas[index].order = Replica.Order(master: endpoint, connection: connection.id)
        links[link].pending += 1
        // An INFO that is under way was answered before the order; ask again.
        masters[id].replicas[index].info.askedAt = nil
        masters[id].replicas[index].info.wantedAt = now
        masters[id].replicas[index].info.pause = .zero
        touch(.master(id), at: now)
    }

    mutating func infoReceived(_ report: InfoReport, on link: Link.ID, at now: Instant) {
        guard case .dataNode(let id) = links[link].target else {
            counters.malformedReplies += 1
            return
        }
        if masters[id].presence.link == link {
            masterInfoReceived(report, id, at: now)
        } else if let index = masters[id].replicas.firstIndex(where: { $0.presence.link == link }) {
            replicaInfoReceived(report, id, index, at: now)
        }
        touch(.master(id), at: now)
    }

    private mutating func masterInfoReceived(_ report: InfoReport, _ id: Master.ID, at now: Instant) {
        let hasRebooted = Self.note(report, in: &masters[id].info, at: now)
        if hasRebooted {
            if masters[id].masterRebootDownAfter > .zero { masters[id].rebootedAt = now }
            emit(.rebooted(label(id)))
        }
        for endpoint in report.replicas {
            let link = masters[id].presence.link
            guard masters[id].replicaIndex(at: NodeAddress(endpoint)) == nil,
                let address = locate(
                    endpoint, mustBeFresh: !linkDirectory.has(endpoint.host.lowercased()), orPutAside: .info(link),
                    at: now),
                masters[id].replicaIndex(at: address) == nil
            else { continue }
            guard address.ip != nil else {
                // With names allowed it was logged when it was asked about.
                if !resolvesHostnames { emitLog(.unresolvedHost(endpoint.host)) }
                continue
            }
            addReplica(address, to: id, at: now, isNews: true)
            persist()
        }
        if report.role == .master { dropReplicasOfOtherGroups(id, listed: report.replicas) }
        masters[id].follows = nil
        if report.role == .replica, let host = report.masterHost, let port = report.masterPort {
            masters[id].follows = Endpoint(host: host, port: port)
            masters[id].withoutMasterFor = report.masterLinkDownFor
            ask(about: host, at: now)
        }
        if report.role != masters[id].info.role {
            masters[id].info.role = report.role
            masters[id].info.roleReportedAt = now
            emit(.roleReported(label(id), report.role, isExpected: report.role == .master))
        }
    }

    private mutating func replicaInfoReceived(_ report: InfoReport, _ id: Master.ID, _ index: Int, at now: Instant) {
        if Self.note(report, in: &masters[id].replicas[index].info, at: now) {
            emit(.rebooted(label(id, replicaAt: index)))
        }
        masters[id].replicas[index].update(from: report, at: now)
        if report.role != masters[id].replicas[index].info.role {
            masters[id].replicas[index].info.role = report.role
            masters[id].replicas[index].info.roleReportedAt = now
            emit(.roleReported(label(id, replicaAt: index), report.role, isExpected: report.role == .replica))
        }
        guard !tilt.isOn else { return }
        switch report.role {
        case .master: replicaSaysMaster(id, index, at: now)
        case .replica:
            repeatLostPromotion(id, index, at: now)
            putRightWrongMaster(id, index, at: now)
        }
        noteReconfiguration(id, index, at: now)
        pollAgain(id, index, at: now)
    }

    /// Stores what both kinds of node report; tells whether the process is another one than before.
    ///
    /// Static, for a method would be given a copy of the whole sentinel beside the part that it changes.
    private static func note(_ report: InfoReport, in info: inout NodeInfo, at now: Instant) -> Bool {
        info.receivedAt = now
        info.askedAt = nil
        info.text = report.text
        guard let runID = report.runID else { return false }
        defer { info.runID = runID }
        return info.runID != nil && info.runID != runID
    }

    /// Whether a node serves another group that is watched here: as its master, or by following it.
    ///
    /// However it came to be listed here, as by an address that another group's node has now or a name that led astray,
    /// it is not taken away from where it belongs.
    func servesAnotherGroup(_ replica: Replica, than id: Master.ID) -> Bool {
        groupServed(by: replica, otherThan: id) != nil
    }

    private func groupServed(by replica: Replica, otherThan id: Master.ID) -> Master.ID? {
        var place = replica.presence.address
        if replica.info.role == .replica {
            guard let host = replica.masterHost else { return nil }
            place = knownAddress(Endpoint(host: host, port: replica.masterPort))
        }
        let (old, current) = (masters[id].presence.address, masters[id].currentAddress)
        guard !current.isSameNode(as: place), !old.isSameNode(as: place), let other = master(at: place) else {
            return nil
        }
        // One that counts our master among its replicas is no other group: the same one may be watched under two names.
        return masters[other].replicaIndex(at: old) == nil ? other : nil
    }

    /// Forgets replicas that have turned out to be another group's, as its master or connected to its master and listed
    /// there, and that the master here does not list. A name or an address that led astray for a moment had them listed
    /// here.
    private mutating func dropReplicasOfOtherGroups(_ id: Master.ID, listed: [Endpoint]) {
        guard masters[id].failover == nil, !tilt.isOn else { return }
        let foreign = masters[id].replicas.filter { replica in
            let address = replica.presence.address
            guard let other = groupServed(by: replica, otherThan: id),
                !listed.contains(where: { knownAddress($0).isSameNode(as: address) })
            else { return false }
            switch replica.info.role {
            case .master: return !masters[other].presence.isSdown
            case .replica: return replica.isMasterLinkUp && masters[other].replicaIndex(at: address) != nil
            }
        }
        guard !foreign.isEmpty else { return }
        for replica in foreign { drop(replica.id, of: id) }
        persist()
    }

    /// Whether a node may be another group's, one way or the other: it follows one that is listed there, or follows
    /// nobody and is listed there itself, as one that has just been promoted is.
    ///
    /// Looks at all groups, unless the node follows its own master.
    func mayServeAnotherGroup(_ replica: Replica, than id: Master.ID) -> Bool {
        let (old, current) = (masters[id].presence.address, masters[id].currentAddress)
        var place = replica.presence.address
        if replica.info.role == .replica {
            guard let host = replica.masterHost else { return false }
            place = knownAddress(Endpoint(host: host, port: replica.masterPort))
            guard !current.isSameNode(as: place), !old.isSameNode(as: place) else { return false }
        }
        return masterOrder.contains { other in
            // The same group may be watched under two names.
            other != id && masters[other].replicaIndex(at: place) != nil && masters[other].replicaIndex(at: old) == nil
                && !masters[other].presence.address.isSameNode(as: old)
        }
    }

    private mutating func replicaSaysMaster(_ id: Master.ID, _ index: Int, at now: Instant) {
        let replica = masters[id].replicas[index]
        if let failover = masters[id].failover, failover.chosen == replica.id {
            if case .waitPromotion = failover.stage { promotionSucceeded(id, failover, replica.id, at: now) }
            return
        }
        guard putRight(id, index, wrongSince: replica.info.roleReportedAt, patience: timing.publishPeriod * 4, at: now)
        else { return }
        emit(.convertedToReplica(label(id, replicaAt: index)))
    }

    /// Gives the order to be promoted once more to a replica that says otherwise on another connection than the one
    /// that the order was lost with.
    ///
    /// - Source: `that was lost with its connection is asked for again`; the original waits until the attempt is over.
    private mutating func repeatLostPromotion(_ id: Master.ID, _ index: Int, at now: Instant) {
        let replica = masters[id].replicas[index]
        guard masters[id].failover?.stage == .waitPromotion(replica.id), let order = replica.order,
            order.master == nil, links[replica.presence.link].command.map({ $0.id != order.connection }) ?? false,
            takesOrders(replica.presence.link)
        else { return }
        replicate(id, index, of: nil, at: now)
    }

    private mutating func putRightWrongMaster(_ id: Master.ID, _ index: Int, at now: Instant) {
        let replica = masters[id].replicas[index]
        guard masters[id].failover == nil, replica.masterHost != nil,
            follows(replica, masters[id].presence.address, at: now) == false,
            putRight(
                id, index, wrongSince: replica.masterChangedAt, patience: masters[id].failoverTimeout, at: now)
        else { return }
        emit(.replicaConfigFixed(label(id, replicaAt: index)))
    }

    /// Has a replica follow the master, if it has done otherwise for longer than `patience` and nothing explains it;
    /// tells whether it was ordered to.
    ///
    /// An order without effect is given again with the INFO of the next period, not with each.
    private mutating func putRight(
        _ id: Master.ID, _ index: Int, wrongSince: Instant, patience: Duration, at now: Instant
    ) -> Bool {
        let replica = masters[id].replicas[index]
        // Asked again as soon as patience may end, not when INFO happens to be due.
        let patienceEndsAt = max(wrongSince, replica.presence.lastDownAt ?? wrongSince) + patience + .milliseconds(1)
        if patienceEndsAt > now { masters[id].replicas[index].info.wantedAt = patienceEndsAt }
        guard isSane(id, at: now), !wasDown(replica.presence, within: patience, at: now), now - wrongSince > patience,
            replica.putRightAt.map({ now - $0 >= timing.infoPeriod }) ?? true,
            // The master's name may be the replica's own as long as it was answered only once.
            mayBeCorrected(replica.presence.link), mayBeCorrected(masters[id].presence.link),
            // Nor may it be the master at another address, which its run ID tells.
            !isToBeLeft(replica, by: id), masters[id].info.runID != nil || replica.info.runID == nil,
            let master = masters[id].currentAddressAnnounced(asHostname: settingsAnnounceHostnames)
        else { return false }
        masters[id].replicas[index].putRightAt = now
        replicate(id, index, of: master, at: now)
        return true
    }

    /// While a replica takes up its new role it is asked in ever longer steps instead of once a period.
    private mutating func pollAgain(_ id: Master.ID, _ index: Int, at now: Instant) {
        let isAwaited: Bool
        switch (masters[id].failover?.stage, masters[id].replicas[index].reconfiguration) {
        case (.waitPromotion(let chosen)?, _): isAwaited = chosen == masters[id].replicas[index].id
        case (.reconfReplicas?, .sent), (.reconfReplicas?, .overdue), (.reconfReplicas?, .inProgress): isAwaited = true
        default: isAwaited = false
        }
        guard isAwaited else { return }
        let pause = max(masters[id].replicas[index].info.pause, timing.firstInfoPause)
        masters[id].replicas[index].info.wantedAt = now + pause
        masters[id].replicas[index].info.pause = min(pause * 2, timing.fastInfoPeriod)
    }

    /// Whether the master looks as a master should.
    func isSane(_ id: Master.ID, at now: Instant) -> Bool {
        let master = masters[id]
        guard let received = master.info.receivedAt else { return false }
        return master.info.role == .master && !master.presence.isSdown && master.odownSince == nil
            && now - received < timing.infoPeriod * 2 && takesOrders(master.presence.link)
    }

    private func wasDown(_ presence: Presence, within patience: Duration, at now: Instant) -> Bool {
        presence.isSdown || presence.lastDownAt.map { now - $0 < patience } ?? false
    }
}

extension Replica {
    /// Takes over what the replica says of itself; lines that were absent keep their old values, but for the time its
    /// link to the master has been down.
    mutating func update(from report: InfoReport, at now: Instant) {
        masterLinkDownFor = report.masterLinkDownFor
        if report.role == .replica {
            if let host = report.masterHost, host != masterHost {
                masterHost = host
                masterChangedAt = now
            }
            if let port = report.masterPort, port != masterPort {
                masterPort = port
                masterChangedAt = now
            }
            if let isUp = report.isMasterLinkUp { isMasterLinkUp = isUp }
            if let priority = report.priority { self.priority = priority }
            if let offset = report.offset { self.offset = offset }
            if let isAnnounced = report.isAnnounced { self.isAnnounced = isAnnounced }
        }
    }
}
