// SPDX-License-Identifier: Apache-2.0

// Making, finding and dropping what a sentinel knows: groups, replicas, peers, and the links they use.

extension Sentinel {
    // MARK: Groups

    @discardableResult
    mutating func addMaster(_ settings: MasterSettings, at now: Instant) -> Master.ID {
        let address = knownAddress(settings.address)
        let id = masters.insert { _ in
            // The link needs the group's ID and the group its link: the link follows.
            Master(
                settings, presence: Presence(address: address, link: Link.ID(slot: 0, generation: 0), at: now), at: now)
        }
        masters[id].presence.link = makeLink(to: address, .dataNode(id), user: id, at: now)
        masterOrder.append(id)
        masterByName[settings.name] = id
        index(id)
        for replica in settings.knownReplicas { addReplica(knownAddress(replica), to: id, at: now, isNews: false) }
        doubtReplicasToCome(of: id)
        for peer in settings.knownSentinels where peer.runID != myID {
            addPeer(peer.runID, at: knownAddress(peer.address), to: id, at: now)
        }
        touch(.master(id), at: now)
        return id
    }

    mutating func removeMaster(_ id: Master.ID) {
        dropReplicas(of: id)
        for peer in masters[id].peers { releaseLink(peer.presence.link, of: id) }
        releaseLink(masters[id].presence.link, of: id)
        unindex(id)
        masterByName[masters[id].name] = nil
        masterOrder.removeAll { $0 == id }
        masters.remove(id)
    }

    mutating func dropReplicas(of id: Master.ID) {
        for replica in masters[id].replicas { releaseLink(replica.presence.link, of: id) }
        masters[id].replicas = []
    }

    mutating func dropPeers(of id: Master.ID) {
        for peer in masters[id].peers { releaseLink(peer.presence.link, of: id) }
        masters[id].peers = []
    }

    /// Has the group found by its master's address; undone by `unindex` before that address changes in any way.
    mutating func index(_ id: Master.ID) {
        for place in masters[id].presence.address.places { mastersByPlace[place, default: []].append(id) }
    }

    mutating func unindex(_ id: Master.ID) {
        for place in masters[id].presence.address.places {
            mastersByPlace[place]?.removeAll { $0 == id }
            if mastersByPlace[place]?.isEmpty == true { mastersByPlace[place] = nil }
        }
    }

    /// The group whose master has this address.
    func master(at address: NodeAddress) -> Master.ID? {
        for place in address.places {
            if let id = mastersByPlace[place]?.first { return id }
        }
        return nil
    }

    /// Groups beside `id` whose master has the same address.
    func othersWithMaster(of id: Master.ID) -> [Master.ID] {
        let places = masters[id].presence.address.places
        guard places.contains(where: { mastersByPlace[$0]?.count ?? 0 > 1 }) else { return [] }
        return masterOrder.filter { other in
            other != id && masters[other].presence.address.isSameNode(as: masters[id].presence.address)
        }
    }

    // MARK: Replicas and peers

    mutating func addReplica(_ address: NodeAddress, to id: Master.ID, at now: Instant, isNews: Bool) {
        guard masters[id].replicaIndex(at: address) == nil else { return }
        let link = makeLink(to: address, .dataNode(id), user: id, at: now)
        let replica = Replica(
            id: makeReplicaID(), presence: Presence(address: address, link: link, at: now),
            name: announced(address).description, at: now)
        masters[id].replicas.append(replica)
        if isNews { emit(.replicaFound(label(id, replica: replica.id))) }
        touch(.master(id), at: now)
    }

    /// Adds a peer, on the link it already has under other masters if there is one.
    mutating func addPeer(_ runID: RunID, at address: NodeAddress, to id: Master.ID, at now: Instant) {
        guard masters[id].peerIndex(runID) == nil else { return }
        let shared = peerLinks[runID]?.first { links[$0].address.isSameNode(as: address) }
        let link: Link.ID
        if let shared {
            link = shared
            links[shared].users.append(id)
            links[shared].downAfter = min(links[shared].downAfter, masters[id].downAfter)
        } else {
            link = makeLink(to: address, .peer(runID), user: id, at: now)
            peerLinks[runID, default: []].append(link)
        }
        var peer = Peer(
            runID: runID, presence: Presence(address: address, link: link, at: now), askPause: timing.firstAskPause,
            at: now)
        // Until one of the two is heard there.
        peer.isUsurped = masters[id].peers.contains { $0.presence.address.isSameNode(as: address) }
        masters[id].peers.append(peer)
        touch(.master(id), at: now)
    }

    mutating func removePeer(_ runID: RunID, of id: Master.ID) {
        guard let index = masters[id].peerIndex(runID) else { return }
        releaseLink(masters[id].peers[index].presence.link, of: id)
        masters[id].peers.remove(at: index)
    }

    // MARK: Links

    mutating func makeLink(to address: NodeAddress, _ target: Link.Target, user: Master.ID, at now: Instant) -> Link.ID
    {
        let downAfter = masters[user].downAfter
        let id = links.insert { _ in
            Link(target: target, address: address, user: user, downAfter: downAfter, at: now)
        }
        if resolvesHostnames { linkDirectory.insert(id, address) }
        touch(.link(id), at: now)
        return id
    }

    /// Lets go of a link; the last user closes it.
    mutating func releaseLink(_ id: Link.ID, of user: Master.ID) {
        links[id].users.removeAll { $0 == user }
        guard links[id].users.isEmpty else { return sharePace(ofLink: id) }
        closeLink(id)
        if case .peer(let runID) = links[id].target {
            peerLinks[runID]?.removeAll { $0 == id }
            if peerLinks[runID]?.isEmpty == true { peerLinks[runID] = nil }
        }
        if resolvesHostnames { linkDirectory.remove(id, links[id].address) }
        links.remove(id)
    }

    /// Has a link that several groups share keep the pace of the most impatient.
    mutating func sharePace(ofLink id: Link.ID) {
        links[id].downAfter = links[id].users.map { masters[$0].downAfter }.min() ?? links[id].downAfter
    }

    /// Closes all connections; they are made again when due, as on a new link.
    mutating func closeLink(_ id: Link.ID) {
        if let command = links[id].command { close(command, of: id) }
        if let hello = links[id].hello { close(hello, of: id) }
        endProbe(of: id)
        links[id].loseCommand()
        links[id].hello = nil
        if links[id].isDataNode { links[id].subscription = .undecided }
        links[id].avoidsRESP3Until = nil
        links[id].unansweredProtocols = 0
        links[id].pending = 0
        links[id].asked = Questions()
    }

    mutating func close(_ connection: Connection, of id: Link.ID) {
        linkOfConnection[connection.id] = nil
        perform(.disconnect(connection.id))
    }

    // MARK: Labels

    func announced(_ address: NodeAddress) -> Endpoint { address.announced(asHostname: settingsAnnounceHostnames) }

    func label(_ id: Master.ID) -> InstanceLabel {
        let address = announced(masters[id].presence.address)
        return InstanceLabel(
            kind: .master, name: masters[id].name.text, address: address, masterName: masters[id].name,
            masterAddress: address)
    }

    func label(_ id: Master.ID, replicaAt index: Int) -> InstanceLabel {
        let replica = masters[id].replicas[index]
        return InstanceLabel(
            kind: .replica, name: replica.name, address: announced(replica.presence.address),
            masterName: masters[id].name, masterAddress: announced(masters[id].presence.address))
    }

    /// The master as the replica that it is told to become.
    func labelOfReplacedMaster(_ id: Master.ID) -> InstanceLabel {
        let address = announced(masters[id].presence.address)
        return InstanceLabel(
            kind: .replica, name: address.description, address: address, masterName: masters[id].name,
            masterAddress: address)
    }

    func label(_ id: Master.ID, replica: ReplicaID) -> InstanceLabel {
        masters[id].replicaIndex(replica).map { label(id, replicaAt: $0) } ?? label(id)
    }

    /// The instance of the group that uses the link.
    func label(ofLink link: Link.ID, in id: Master.ID) -> InstanceLabel? {
        if masters[id].presence.link == link { return label(id) }
        if let index = masters[id].replicas.firstIndex(where: { $0.presence.link == link }) {
            return label(id, replicaAt: index)
        }
        return masters[id].peers.firstIndex { $0.presence.link == link }.map { label(id, peerAt: $0) }
    }

    func label(_ id: Master.ID, peerAt index: Int) -> InstanceLabel {
        let peer = masters[id].peers[index]
        return InstanceLabel(
            kind: .sentinel, name: peer.runID.text, address: announced(peer.presence.address),
            masterName: masters[id].name, masterAddress: announced(masters[id].presence.address))
    }
}
