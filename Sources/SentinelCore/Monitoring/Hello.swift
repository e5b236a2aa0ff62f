// SPDX-License-Identifier: Apache-2.0

// Hellos: how sentinels find each other, and how a new configuration spreads. - Source: spec/monitoring.md 6.

extension Sentinel {
    // MARK: Sending

    /// Sends what hellos are due in the group, and says when the next is.
    ///
    /// A configuration that is not on disk yet is not told, and neither is an epoch; epochs of other groups hold up
    /// nothing. A disk that takes nothing silences nobody.
    mutating func sendHellos(_ id: Master.ID, at now: Instant) -> Instant? {
        guard durability.isFailing || durability.covers(masters[id].configGeneration) else {
            durability.hold(id, until: masters[id].configGeneration)
            return nil
        }
        var deadline = sendHello(masters[id].presence, of: id, at: now) { $0.masters[id].presence = $1 }
        for index in masters[id].replicas.indices {
            let next = sendHello(masters[id].replicas[index].presence, of: id, at: now) {
                $0.masters[id].replicas[index].presence = $1
            }
            deadline = .earlier(deadline, next)
        }
        for index in masters[id].peers.indices {
            let next = sendHello(masters[id].peers[index].presence, of: id, at: now) {
                $0.masters[id].peers[index].presence = $1
            }
            deadline = .earlier(deadline, next)
        }
        return deadline
    }

    private mutating func sendHello(
        _ presence: Presence, of id: Master.ID, at now: Instant, store: (inout Sentinel, Presence) -> Void
    ) -> Instant? {
        // Whoever speaks listens first: of two sentinels that start at once, one hears the other.
        guard links[presence.link].hasRoom, !links[presence.link].subscription.isBeingAgreed,
            let connection = links[presence.link].command
        else { return nil }
        guard presence.helloDueAt <= now else { return presence.helloDueAt }
        guard let hello = makeHello(for: id, on: presence.link) else { return nil }
        var presence = presence
        perform(.send(connection.id, .hello(hello), renamed: renames(of: presence.link)))
        links[presence.link].pending += 1
        let beat = beatOfPings(presence.link, at: now)
        presence.helloDueAt = (beat + timing.publishPeriod).onGrid(of: timing.publishPeriod)
        store(&self, presence)
        pingBesideHello(presence.link, at: now)
        return presence.helloDueAt
    }

    private mutating func makeHello(for id: Master.ID, on link: Link.ID) -> Hello? {
        // A number that may be mistaken would be one more configuration of its epoch; one where nobody has ever been is
        // not in the file either.
        let current = masters[id].current
        let isProven = !current.address.isName || links[current.link].lead.isToldProven
        let asHostname = settingsAnnounceHostnames || !isProven || !isCertain(current.address)
        guard let host = announceHost ?? links[link].localHost,
            let master = masters[id].currentAddressAnnounced(asHostname: asHostname)
        else { return nil }
        let sender = Endpoint(host: host, port: announcePort != 0 ? announcePort : listeningPort)
        announcedAs.insert(sender)
        return Hello(
            sender: sender, runID: myID, currentEpoch: durability.isFailing ? currentEpoch : durability.savedEpoch,
            masterName: masters[id].name, master: master,
            configEpoch: masters[id].configEpoch)
    }

    /// A hello that was refused is tried again sooner than the next would be; one that was taken should have come back.
    mutating func helloPublished(_ isTaken: Bool, on link: Link.ID, at now: Instant) {
        guard !isTaken else { return doubtUnheardHello(link, at: now) }
        for user in links[link].users {
            let retry = now + min(timing.pingPeriod, timing.publishPeriod)
            if masters[user].presence.link == link { masters[user].presence.helloDueAt = retry }
            for index in masters[user].replicas.indices where masters[user].replicas[index].presence.link == link {
                masters[user].replicas[index].presence.helloDueAt = retry
            }
            wake(.master(user), at: retry)
        }
    }

    /// Has the group's news told to everybody at once.
    mutating func forceHellos(_ id: Master.ID, at now: Instant) {
        masters[id].presence.helloDueAt = now
        for index in masters[id].replicas.indices { masters[id].replicas[index].presence.helloDueAt = now }
        for index in masters[id].peers.indices { masters[id].peers[index].presence.helloDueAt = now }
        touch(.master(id), at: now)
    }

    // MARK: Hearing

    mutating func helloHeard(_ hello: Hello, on connection: ConnectionID?, at now: Instant) {
        if let connection { guard heard(connection, at: now) else { return } }
        guard hello.runID != myID else { return noteOwnWords(hello) }
        guard let id = masterByName[hello.masterName] else {
            counters.foreignHellos += 1
            return
        }
        guard let sender = locate(hello.sender, orPutAside: .hello(hello), at: now),
            let master = locate(hello.master, orPutAside: .hello(hello), at: now)
        else { return }
        let isKnown = meet(hello, at: sender, under: id, at: now)
        // A configuration is never newer than its sender's epoch; were it, no attempt here could ever follow it.
        raiseEpoch(to: max(hello.currentEpoch, hello.configEpoch), heardFor: hello.masterName)
        guard hello.configEpoch <= currentEpoch else {
            counters.rejectedHellos += 1
            return
        }
        if isKnown { adoptConfiguration(of: hello, at: master, for: id, at: now) }
    }

    /// Our own words come back on every node; but nobody else is us, whatever he says.
    ///
    /// Two sentinels with one run ID, as copied files make them, fight over one entry on all others.
    /// - Source: spec/defects.md 31.
    private mutating func noteOwnWords(_ hello: Hello) {
        guard !announcedAs.contains(hello.sender) else { return }
        counters.impostorHellos += 1
        guard impostor != hello.sender else { return }
        impostor = hello.sender
        emitLog(.identityTaken(hello.sender))
    }

    /// Makes sure that the sender is a peer of the group under the address it gives; tells whether it is one now.
    private mutating func meet(
        _ hello: Hello, at address: NodeAddress, under id: Master.ID, at now: Instant
    ) -> Bool {
        if let index = masters[id].peerIndex(hello.runID),
            masters[id].peers[index].presence.address.isSameNode(as: address)
        {
            masters[id].peers[index].helloHeardAt = now
            if masters[id].peers[index].isUsurped { claimPlace(hello.runID, in: id, at: now) }
            return true
        }
        let hasMoved = masters[id].peerIndex(hello.runID) != nil
        // Checked before anything is removed: a broken hello must not cost us a peer, and a name that does not resolve
        // may well stand for the address we know. - Source: spec/defects.md 26.
        guard address.port != 0, address.ip != nil || (resolvesHostnames && !address.host.isEmpty && !hasMoved) else {
            counters.rejectedHellos += 1
            return hasMoved
        }
        if hasMoved {
            emit(.sentinelMoved(master: label(id), hello.runID, to: announced(address)))
            removePeer(hello.runID, of: id)
        } else if let index = masters[id].peers.firstIndex(where: { $0.presence.address.isSameNode(as: address) }) {
            emit(.sentinelAddressTaken(label(id, peerAt: index)))
            let usurped = masters[id].peers[index].runID
            for other in masterOrder { removePeer(usurped, of: other) }
        }
        addPeer(hello.runID, at: address, to: id, at: now)
        claimPlace(hello.runID, in: id, at: now)
        if hasMoved {
            movePeerElsewhere(hello.runID, to: address, except: id, at: now)
        } else if let index = masters[id].peerIndex(hello.runID) {
            emit(.sentinelFound(label(id, peerAt: index)))
        }
        persist()
        return true
    }

    private mutating func movePeerElsewhere(
        _ runID: RunID, to address: NodeAddress, except id: Master.ID, at now: Instant
    ) {
        let others = masterOrder.filter { other in
            guard other != id, let index = masters[other].peerIndex(runID) else { return false }
            return !masters[other].peers[index].presence.address.isSameNode(as: address)
        }
        for other in others {
            removePeer(runID, of: other)
            addPeer(runID, at: address, to: other, at: now)
            claimPlace(runID, in: other, at: now)
        }
        guard !others.isEmpty, let index = masters[id].peerIndex(runID) else { return }
        emit(.sentinelMovedElsewhere(label(id, peerAt: index), count: others.count))
    }

    /// The greatest config epoch decides where a group's master is.
    private mutating func adoptConfiguration(
        of hello: Hello, at address: NodeAddress, for id: Master.ID, at now: Instant
    ) {
        guard hello.configEpoch > masters[id].configEpoch else {
            return settleConflict(with: hello, address, for: id, at: now)
        }
        // An address we can't use is not adopted, so that a later hello of the same epoch still can be.
        guard address.port != 0, address.ip != nil else {
            counters.rejectedHellos += 1
            return
        }
        let address = placeInUse(address, in: id)
        // Neither is one that is ours by a name alone of which we know no more than a first answer: it may be mistaken,
        // and the same configuration would not be looked at again.
        let isSame = isKnownAsSameNode(masters[id].currentAddress, address)
        guard !isSame || isWrittenOrConfirmed(address, as: masters[id].currentAddress) else { return }
        masters[id].configEpoch = hello.configEpoch
        // Compared with what clients are told: while replicas are being moved to the one promoted here, a newer
        // configuration may well name the old master again.
        // What an attempt of ours leads to is newer still.
        let isOvertaking = masters[id].failover.map { $0.epoch > hello.configEpoch } ?? false
        guard !isSame || isNameOfNumber(address, masters[id].currentAddress) && !isOvertaking else {
            masters[id].configGeneration = persist()
            return abandonOutdatedFailover(id)
        }
        takeConfiguration(of: hello, at: address, for: id, at: now)
    }

    /// Where a replica of this name is connected: its name may have been answered otherwise since, and what works is
    /// left only for what works too.
    private func placeInUse(_ address: NodeAddress, in id: Master.ID) -> NodeAddress {
        guard address.isName else { return address }
        let replica = masters[id].replicas.first { replica in
            let known = replica.presence.address
            return known.port == address.port && known.host.lowercased() == address.host.lowercased()
                && links[replica.presence.link].canSend
        }
        return replica?.presence.address ?? address
    }

    /// Whether an address that a newer configuration names is the one that the group has: also where one is written as
    /// a name and the other as a number, unless the name stands for that number only since a moment ago, maybe by
    /// mistake, or does so no more.
    private func isKnownAsSameNode(_ current: NodeAddress, _ told: NodeAddress) -> Bool {
        guard current.isWrittenAsSameNode(as: told) else { return false }
        return !resolvesHostnames || current.host.lowercased() == told.host.lowercased()
            || !names.isChangeNew(current.host) && isStillSaid(current)
    }

    /// Whether what is told for a number is a name: whoever kept the number would stay behind when the name moves on,
    /// and hold the same config epoch for another node.
    private func isNameOfNumber(_ told: NodeAddress, _ current: NodeAddress) -> Bool {
        resolvesHostnames && NumericHost.isNumeric(current.host) && !NumericHost.isNumeric(told.host)
    }

    /// Whether two addresses are one as they are written, or by names that were said to stand for it more than once.
    private func isWrittenOrConfirmed(_ told: NodeAddress, as current: NodeAddress) -> Bool {
        told.host.lowercased() == current.host.lowercased() || isCertain(told) && isCertain(current)
    }

    /// Gives the group the address that a peer names.
    private mutating func takeConfiguration(
        of hello: Hello, at address: NodeAddress, for id: Master.ID, at now: Instant
    ) {
        let from = announced(masters[id].currentAddress)
        let to = announced(address)
        // Where numbers are told, a name that takes the place of one is nobody else's business.
        let isNews = from != to
        if isNews, let index = masters[id].peerIndex(hello.runID) {
            emit(.configUpdated(from: label(id, peerAt: index)))
        }
        if isNews { emit(.masterSwitched(masters[id].name, from: from, to: to)) }
        dropUnconfirmedReplicas(of: id)
        moveMaster(id, to: address, at: now)
        if isNews { runReconfigScript(id, isLeader: false, from: from, to: to, at: now) }
    }

    /// Two addresses in one config epoch: operators had two sentinels fail over at the same time, without an election.
    ///
    /// Nobody would ever give in. The side whose address sorts first says the same again in a new epoch, which
    /// everybody follows, the original's sentinels too; however many do so at once, they say the same. Where that side
    /// is all of the original's kind, which won't, the other side does it for them after a while; not at once, for an
    /// old hello may turn up again. An attempt under way here settles it as well, in its own epoch, and must not find
    /// the configuration ahead of it. A sentinel that takes epochs but not the address, as one of the original's does
    /// that can't resolve its name or is in the middle of a failover of its own, is told ever more rarely.
    private mutating func settleConflict(
        with hello: Hello, _ address: NodeAddress, for id: Master.ID, at now: Instant
    ) {
        let own = masters[id].currentAddress
        let isConflict =
            hello.configEpoch == masters[id].configEpoch && hello.configEpoch > .zero && !own.isSameNode(as: address)
        let since = noteContradiction(isConflict, by: hello.runID, in: id, at: now)
        // As written, not as resolved: one that is told a wrong address for a name does not speak for the others. Where
        // one side is a name and the other a number, it speaks once it knows the name for certain.
        let (ours, theirs) = (own.host.lowercased(), address.host.lowercased())
        guard isConflict, address.port != 0, address.ip != nil,
            NumericHost.isNumeric(ours) == NumericHost.isNumeric(theirs) || isCertain(own) && isCertain(address),
            masters[id].failover.map({ $0.epoch <= hello.configEpoch }) ?? true,
            masters[id].conflict.maySettle(at: now)
        else { return }
        let isOursFirst = (ours, own.port) < (theirs, address.port)
        guard isOursFirst || now - since > timing.publishPeriod * 5 else { return }
        masters[id].conflict.noteSettled(firstPause: timing.publishPeriod, at: now)
        raiseEpoch(to: currentEpoch.next, heardFor: masters[id].name)
        masters[id].configEpoch = currentEpoch
        masters[id].configGeneration = persist()
        if !isOursFirst { takeConfiguration(of: hello, at: address, for: id, at: now) }
        forceHellos(id, at: now)
    }

    /// Since when a peer has named another address in our config epoch.
    private mutating func noteContradiction(
        _ isConflict: Bool, by runID: RunID, in id: Master.ID, at now: Instant
    ) -> Instant {
        guard let index = masters[id].peerIndex(runID) else { return now }
        let since = masters[id].peers[index].contradictsSince ?? now
        masters[id].peers[index].contradictsSince = isConflict ? since : nil
        return since
    }

    /// Gives up an attempt whose epoch is not newer than the configuration: what it led to would be an older one.
    private mutating func abandonOutdatedFailover(_ id: Master.ID) {
        guard let failover = masters[id].failover, failover.epoch <= masters[id].configEpoch else { return }
        switch failover.stage {
        case .waitStart: abortFailover(id, .notElected, label(id))
        case .selectReplica: abortFailover(id, .noGoodReplica, label(id))
        case .sendPromotion, .waitPromotion: abortFailover(id, .promotionTimedOut, label(id))
        case .reconfReplicas: break
        }
    }
}
