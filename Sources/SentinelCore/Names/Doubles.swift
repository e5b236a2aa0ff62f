// SPDX-License-Identifier: Apache-2.0

// Two entries that turn out to be one node, or none of the group's.

extension Sentinel {
    /// Notes that the group's address, a name, was answered once only: replicas that are heard of there from now on may
    /// be another group's.
    mutating func doubtReplicasToCome(of id: Master.ID) {
        let (address, link) = (masters[id].presence.address, masters[id].presence.link)
        guard address.ip != nil, !isCertain(address) else { return }
        links[link].lead.doubtReplicas(from: makeReplicaID())
    }

    /// Drops what was heard of as replicas where the master's name led by mistake: they are another group's, if
    /// anybody's.
    mutating func dropDoubtfulReplicas(of id: Master.ID) {
        let link = masters[id].presence.link
        let lead = links[link].lead
        guard lead.hasDoubt, masters[id].failover == nil else { return }
        links[link].lead.endDoubt()
        for replica in masters[id].replicas where lead.isDoubtful(replica.id) { drop(replica.id, of: id) }
        persist()
    }

    /// Drops what was heard of as replicas where the master's name was answered once, of a group that moves away from
    /// there: those that follow the new master are heard of there.
    mutating func dropUnconfirmedReplicas(of id: Master.ID) {
        let lead = links[masters[id].presence.link].lead
        for replica in masters[id].replicas where lead.isUnconfirmed(replica.id) { drop(replica.id, of: id) }
    }

    /// Drops what turns out to be one node with who is at the other end of a link, the master or a replica.
    mutating func dropDoubles(on link: Link.ID, of id: Master.ID) {
        dropDoubles(of: masters[id].presence.address, in: id)
        if let index = masters[id].replicas.firstIndex(where: { $0.presence.link == link }) {
            dropIfDouble(index, of: id)
        }
    }

    /// Drops a replica that turns out to be a node the group has already, under its numeric address or another name.
    ///
    /// - Source: spec/defects.md 32.
    private mutating func dropIfDouble(_ index: Int, of id: Master.ID) {
        let replica = masters[id].replicas[index]
        let address = replica.presence.address
        let double = masters[id].replicas.first { other in
            other.id != replica.id && other.presence.address.isSameNode(as: address)
                && isStillSaid(other.presence.address)
        }
        let isMaster = isDouble(replica, of: masters[id].presence.address)
        // One that was led there once is not worth the other, nor the other worth it.
        guard masters[id].failover == nil, isMaster || double != nil && isCertain(address) else { return }
        // Where names are told, the name is what stays true.
        let dropsOther = !isMaster && settingsAnnounceHostnames && !NumericHost.isNumeric(address.host)
        drop(dropsOther ? double?.id ?? replica.id : replica.id, of: id)
    }

    /// Drops what is known as replicas, of a group whose master has turned out to be the same node.
    private mutating func dropDoubles(of master: NodeAddress, in id: Master.ID) {
        guard masters[id].failover == nil else { return }
        for replica in masters[id].replicas where isDouble(replica, of: master) { drop(replica.id, of: id) }
    }

    /// Whether an entry is the master; one with a name of its own only when the master's was said twice to lead there.
    private func isDouble(_ replica: Replica, of master: NodeAddress) -> Bool {
        let address = replica.presence.address
        return master.isSameNode(as: address)
            && (NumericHost.isNumeric(address.host) ? isStillSaid(master) : isCertain(master))
    }

    mutating func drop(_ replica: ReplicaID, of id: Master.ID) {
        guard let index = masters[id].replicaIndex(replica) else { return }
        let link = masters[id].replicas.remove(at: index).presence.link
        releaseLink(link, of: id)
    }
}
