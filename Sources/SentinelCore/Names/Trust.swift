// SPDX-License-Identifier: Apache-2.0

// How far a name is trusted: an answer that was given once may be wrong, and whoever is there somebody else.

extension Sentinel {
    /// Whether whoever is at the other end may be given orders: he is where his name was said last to lead, and that is
    /// not new.
    func takesOrders(_ id: Link.ID) -> Bool {
        links[id].canSend && isStillSaid(links[id].address)
            && !(resolvesHostnames && names.isChangeNew(links[id].address.host))
    }

    /// Whether whoever is at the other end may be corrected, which has time.
    func mayBeCorrected(_ id: Link.ID) -> Bool {
        takesOrders(id) && isCertain(links[id].address)
    }

    /// Whether an address is a number, or a name that was said more than once to stand for the number it has; it may
    /// have one that the name stood for before.
    func isCertain(_ address: NodeAddress) -> Bool {
        guard resolvesHostnames, !NumericHost.isNumeric(address.host) else { return true }
        return names.isConfirmed(address.host) && isStillSaid(address)
    }

    /// Whether an address is a number, or a name that was said last to stand for the number it has.
    func isStillSaid(_ address: NodeAddress) -> Bool {
        guard resolvesHostnames, !NumericHost.isNumeric(address.host) else { return true }
        return address.ip.map(names.addresses(of: address.host).contains) ?? false
    }

    /// Whether an address may be believed that a name was answered with once, where there is no time for a second
    /// answer: it was not answered otherwise since, no other name with the same, and nobody else is known to be there.
    func isUndisputed(_ presence: Presence) -> Bool {
        let address = presence.address
        if isCertain(address) { return true }
        guard let ip = address.ip, isStillSaid(address) else { return false }
        return !names.isDisputed(ip) && !isTaken(ip, from: presence.link)
    }

    /// Whether a replica's name was answered only once, and whoever is there does not say that he follows the master:
    /// he may belong elsewhere.
    func mayBeMisled(_ replica: Replica, of id: Master.ID) -> Bool {
        let host = replica.presence.address.host
        guard resolvesHostnames, !NumericHost.isNumeric(host), !names.isConfirmed(host) else { return false }
        guard replica.info.role == .replica, let followed = replica.masterHost else { return true }
        let place = knownAddress(Endpoint(host: followed, port: replica.masterPort))
        return !place.isSameNode(as: masters[id].presence.address)
    }

    /// Whether an answer has nothing of the one before, and leads the links of a name to where others are known to be.
    func isElsewhere(_ host: String, _ addresses: [String], _ users: [Link.ID]) -> Bool {
        let before = names.addresses(of: host)
        guard !addresses.contains(where: before.contains) else { return false }
        if !users.isEmpty { return users.contains { id in addresses.contains { isTaken($0, from: id) } } }
        // Mentioned by somebody, and not in use here.
        let ports = names.portsWaitedFor(at: host)
        return addresses.lazy.flatMap(linkDirectory.links(at:)).contains { id in
            let address = links[id].address
            return address.ip.map(addresses.contains) ?? false && ports.contains(address.port)
                && address.host.lowercased() != host.lowercased() && !NumericHost.isNumeric(address.host)
        }
    }

    /// Whether `ip` is where another node or sentinel is known to be than the one that a link with a name leads to.
    ///
    /// One that the group knows by its address alone may well be the same, as long as the name was not known to lead
    /// elsewhere.
    func isTaken(_ ip: String, from id: Link.ID) -> Bool {
        let (own, target) = (links[id].address, links[id].target)
        return linkDirectory.links(at: ip).contains { other in
            let address = links[other].address
            guard address.ip == ip, address.port == own.port, other != id,
                address.host.lowercased() != own.host.lowercased()
            else { return false }
            return links[other].target != target || own.ip != nil || !NumericHost.isNumeric(address.host)
        }
    }

    /// Whether a replica says that it follows `master`; `nil` while a name in it is unknown.
    mutating func follows(_ replica: Replica, _ master: NodeAddress, at now: Instant) -> Bool? {
        guard let host = replica.masterHost, replica.masterPort == master.port else { return false }
        if host == master.ip || host.lowercased() == master.host.lowercased() { return true }
        guard let ip = master.ip else { return nil }
        if let numeric = NumericHost.canonical(host) { return numeric == ip }
        guard resolvesHostnames else { return false }
        guard
            let address = locate(
                Endpoint(host: host, port: master.port), orPutAside: .info(replica.presence.link), at: now),
            address.ip != nil
        else {
            // A name that is gone leads nobody anywhere; while the link stands it is one that is known there alone.
            return names.isWithoutAddress(host) && !replica.isMasterLinkUp ? false : nil
        }
        return names.addresses(of: host).contains(ip)
    }
}
