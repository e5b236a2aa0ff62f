// SPDX-License-Identifier: Apache-2.0

// A master that follows one of its own replicas, as orders that crossed can leave it: the group has none.

extension Sentinel {
    /// Attempts that found nobody, the next ones one and two seconds after the first.
    private static let attemptsBeforeRestoring = 2

    /// The replica known here that the master says it follows.
    func followedReplica(of id: Master.ID) -> Replica? {
        let master = masters[id]
        guard isCertain(master.presence.address), let place = master.follows.map(knownAddress) else { return nil }
        return master.replicaIndex(at: place).map { master.replicas[$0] }
    }

    /// Whether the master follows a replica, which does not say that it is a master.
    func isInCircle(_ id: Master.ID) -> Bool { followedReplica(of: id)?.info.role == .replica }

    /// Has a master be one again that follows one of its own replicas, where none of these can be promoted.
    ///
    /// For the leader of an attempt alone; the configuration stays what it is, and so does its epoch. Whoever can be
    /// promoted but for a moment is waited for.
    mutating func restoreMaster(_ id: Master.ID, at now: Instant) {
        let link = masters[id].presence.link
        guard masters[id].fruitlessAttempts >= Self.attemptsBeforeRestoring, mayBeRestored(id, at: now),
            let connection = links[link].command
        else { return }
        let order = Request.replicate(nil, isBare: masters[id].refusedRestoration)
        perform(.send(connection.id, order, renamed: renames(of: link)))
        links[link].pending += 1
        masters[id].order = Replica.Order(master: nil, connection: connection.id)
        // An INFO that is under way was answered before the order; ask again.
        masters[id].info.askedAt = nil
        masters[id].info.wantedAt = now
        emit(.masterConfigFixed(label(id)))
    }

    /// Whether the master follows a replica and would read the order to follow nobody; one that does not answer may do
    /// anything by the time it reads it.
    func mayBeRestored(_ id: Master.ID, at now: Instant) -> Bool {
        let link = masters[id].presence.link
        return followedReplica(of: id) != nil && !followsAnotherGroup(id) && mayBeCorrected(link)
            && links[link].silence(at: now) <= masters[id].downAfter
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
