// SPDX-License-Identifier: Apache-2.0

// A master that follows one of its own replicas, as orders that crossed can leave it: the group has none.

extension Sentinel {
    /// Whether the master says that it follows one of the replicas known here.
    func isInCircle(_ id: Master.ID) -> Bool {
        let master = masters[id]
        return isCertain(master.presence.address)
            && master.follows.map { master.replicaIndex(at: knownAddress($0)) != nil } ?? false
    }

    /// Has a master be one again that follows one of its own replicas, where none of these can be promoted.
    ///
    /// For the leader of an attempt alone; the configuration stays what it is, and so does its epoch. A master that does
    /// not answer may do anything by the time it reads the order, and is given none.
    mutating func restoreMaster(_ id: Master.ID, at now: Instant) {
        let link = masters[id].presence.link
        guard isInCircle(id), !followsAnotherGroup(id), mayBeCorrected(link),
            links[link].silence(at: now) <= masters[id].downAfter, let connection = links[link].command
        else { return }
        let order = Request.replicate(nil, isBare: masters[id].refusedRestoration)
        perform(.send(connection.id, order, renamed: renames(of: link)))
        links[link].pending += 1
        masters[id].order = Replica.Order(master: nil)
        // An INFO that is under way was answered before the order; ask again.
        masters[id].info.askedAt = nil
        masters[id].info.wantedAt = now
        emit(.masterConfigFixed(label(id)))
    }

    /// Whether the node at the master's address follows one that another group knows, too: the address may be that
    /// group's by now.
    private func followsAnotherGroup(_ id: Master.ID) -> Bool {
        guard let place = masters[id].follows.map(knownAddress) else { return false }
        let own = masters[id].presence.address
        return masterOrder.contains { other in
            // The same group may be watched under two names.
            other != id && !masters[other].presence.address.isSameNode(as: own)
                && (masters[other].presence.address.isSameNode(as: place)
                    || masters[other].replicaIndex(at: place) != nil)
        }
    }
}
