// SPDX-License-Identifier: Apache-2.0

// Where a name leads, its link goes.

extension Sentinel {
    /// Has a link go where its name leads now; one that is connected only if it leads to somebody else.
    mutating func follow(_ addresses: [String], link id: Link.ID, at now: Instant) {
        guard let first = addresses.first else { return }
        if links[id].address.ip.map(addresses.contains) ?? false {
            confirm(addresses, link: id, isAnswered: true, at: now)
            // Gone by now, if it was a second one to the same node.
            guard links.contains(id) else { return }
            endProbe(of: id)
            return links[id].canSend ? () : touch(.link(id), at: now)
        }
        links[id].lead.beginAnew(at: now)
        let isBackWhereItWas = names.isConfirmed(links[id].address.host) && links[id].lead.isAstray(from: addresses)
        if links[id].canSend, let ip = links[id].address.ip, !isTaken(ip, from: id), !isBackWhereItWas {
            return names.isConfirmed(links[id].address.host) ? probe(addresses, for: id, at: now) : endProbe(of: id)
        }
        let isFirst = links[id].address.ip == nil
        lead(id, to: isBackWhereItWas ? links[id].lead.lastConfirmed ?? first : first, at: now)
        // What is told and remembered stays the last address that answered.
        if isFirst { adopt(ip: first, for: id, isReached: false, at: now) }
        // Gone by now, if that made two entries one.
        if links.contains(id) { reconnect(id, at: now) }
    }

    /// Notes that a link's name goes on standing for where the link leads, if that is one of `addresses`.
    ///
    /// - Parameter isAnswered: Whether that was said, and not only nothing else for long.
    mutating func confirm(_ addresses: [String], link id: Link.ID, isAnswered: Bool, at now: Instant) {
        guard links[id].address.ip.map(addresses.contains) ?? false else { return }
        let askedAt = names.askedAt(links[id].address.host) ?? now
        changeLead(of: id) { $0.heardAgain(askedAt: askedAt, isAnswered: isAnswered) }
        for user in links[id].users {
            if masters[user].presence.link == id, links[id].lead.isConfirmed {
                dropDoubtfulReplicas(of: user)
                touch(.master(user), at: now)
            }
            // Such as came to be while an attempt went on.
            let count = masters[user].replicas.count
            dropDoubles(on: id, of: user)
            if masters[user].replicas.count != count { persist() }
            if !links.contains(id) { return }
        }
    }

    /// Looks whether somebody is where a link's name has been said twice to lead, while the link works elsewhere: what
    /// works is left only for what works too. Of several addresses each has its turn.
    private mutating func probe(_ addresses: [String], for id: Link.ID, at now: Instant) {
        guard links[id].probe.map({ !addresses.contains($0.host) }) ?? true else { return }
        endProbe(of: id)
        let ip = addresses[links[id].failures % addresses.count]
        let probe = Connection(id: makeConnectionID(), host: ip, startedAt: now)
        linkOfConnection[probe.id] = id
        links[id].probe = probe
        perform(.connect(probe.id, .command, to: Endpoint(host: ip, port: links[id].address.port)))
        touch(.link(id), at: now)
    }

    /// Nobody is there, as far as it is known.
    mutating func loseProbe(of id: Link.ID) {
        links[id].probe = nil
        links[id].failures += 1
    }

    mutating func endProbe(of id: Link.ID) {
        guard let probe = links[id].probe else { return }
        close(probe, of: id)
        links[id].probe = nil
    }

    /// Somebody is where the name leads: the link goes there.
    mutating func moveToProbed(_ id: Link.ID, at now: Instant) {
        guard let ip = links[id].probe?.host else { return }
        lead(id, to: ip, at: now)
        adopt(ip: ip, for: id, isReached: true, at: now)
        // Gone by now, if that made two entries one.
        if links.contains(id) { reconnect(id, at: now) }
    }

    /// After time that was not measured no answer was given for a while.
    mutating func distrustNames(at now: Instant) {
        guard resolvesHostnames else { return }
        names.distrustTime(at: now)
        for id in links.ids { links[id].lead.beginAnew(at: now) }
    }

    private mutating func lead(_ id: Link.ID, to ip: String, at now: Instant) {
        guard links[id].address.ip != ip else { return }
        let host = links[id].address.host
        // The next of several addresses is no mistake.
        let isNext = names.isConfirmed(host) && names.addresses(of: host).contains(ip)
        links[id].lead = Lead(
            since: now, after: links[id].lead, at: isNext ? nil : links[id].address.ip, firstReplica: makeReplicaID())
        setAddress(ofLink: id, to: ip)
        links[id].failures = 0
    }

    /// Notes something about an address; one that is proven by it takes the place of the name in the file, and what was
    /// heard of there gets in.
    private mutating func changeLead(of id: Link.ID, _ change: (inout Lead) -> Void) {
        let before = links[id].lead
        change(&links[id].lead)
        let after = links[id].lead
        let isNameToGo = after.isToldProven && !before.isToldProven && !settingsAnnounceHostnames
        let hasReplicas = after.isConfirmed && !before.isConfirmed && links[id].isDataNode
        if resolvesHostnames, isNameToGo || hasReplicas { persist() }
    }

    /// Takes note of the numeric address behind a link's name.
    ///
    /// - Parameter isReached: Whether somebody is there.
    mutating func adopt(ip: String, for id: Link.ID, isReached: Bool, at now: Instant) {
        lead(id, to: ip, at: now)
        changeLead(of: id) { $0.tell(isReached: isReached) }
        var isNews = false
        func take(_ presence: inout Presence) {
            guard presence.link == id, presence.address.ip != ip else { return }
            presence.address.ip = ip
            isNews = true
        }
        for user in links[id].users {
            if masters[user].presence.link == id {
                unindex(user)
                take(&masters[user].presence)
                index(user)
            }
            for index in masters[user].peers.indices { take(&masters[user].peers[index].presence) }
            for index in masters[user].replicas.indices { take(&masters[user].replicas[index].presence) }
            guard isNews else { continue }
            if masters[user].presence.link == id { dropDoubtfulReplicas(of: user) }
            dropDoubles(on: id, of: user)
        }
        if isNews { persist() }
    }
}
