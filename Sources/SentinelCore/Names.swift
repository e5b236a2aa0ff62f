// SPDX-License-Identifier: Apache-2.0

// Names of hosts, where `resolve-hostnames` allows them. What one stands for is asked of the shell (`.resolve`) and
// heard later (`.resolved`); nothing here waits for it but what needs it.
//
// 1. An input that mentions a name nobody has asked about is put aside and taken up again with the answer.
// 2. A name that resolved is taken for what it last stood for, and asked about again once that is old. It stays so while
//    it does not resolve: "does not resolve" means unknown, never "different".
// 3. A link asks about its name whenever its connection ends. If the name stands for other addresses by then, it goes
//    there; if for several, the next is tried after one that could not be reached, and the one that answered is kept.
// 4. An answer that has a name stand where another node is known to be is believed only when it has been given for a
//    while: taken at its word, a resolver that is wrong for a moment would have one group's sentinels give orders to the
//    nodes of another. A connection that works is left for the same reason, if the answer that led it there was never
//    given again, or if a name goes on standing for another address and the link is half broken, or the node is a
//    replica and the name the master's or another node's; and whoever is at a new address gets no orders before the answer has been.
//
// The original asks the system inside its loop and takes the first address. - Source: spec/monitoring.md 9b;
// spec/defects.md 24, 25, 27, 29; design.md 7.

/// What names are known to stand for.
struct Names: Sendable {
    /// What is taken up again when an answer is there.
    enum Waiting: Sendable, Equatable {
        case hello(Hello)
        case command(RequestID, Command)
        /// The node's INFO, which is asked for again.
        case info(Link.ID)
    }

    private struct Entry: Sendable {
        /// The last good answer, in order of preference; empty if there was none.
        var addresses: [String] = []
        /// When the last answer came, good or not.
        var answeredAt: Instant?
        var isFailing = false
        /// When it became another one altogether or there was a first, until the same answer a while later confirms it.
        var changedAt: Instant?
        var isFirst = true
        /// An answer that is not believed yet, and since when it has been the same.
        var doubted: (addresses: [String], since: Instant)?
        var isAsked = false
        var waiting: [Waiting] = []

        mutating func noteChange(to new: [String], at now: Instant) {
            if !new.contains(where: addresses.contains) {
                isFirst = addresses.isEmpty
                changedAt = now
            } else if let changed = changedAt, now - changed >= Names.doubtFor {
                changedAt = nil
            }
        }
    }

    /// Names remembered, and inputs put aside for each: more than any deployment has, less than a flood.
    private static let capacity = 4096
    private static let patience = 256
    /// How old a good answer may be before it is asked for again.
    static let freshFor = Duration.seconds(10)
    /// How long an answer that leads to another node has to stay the same to be believed.
    static let doubtFor = Duration.seconds(10)

    /// By name in lower case.
    private var entries: [String: Entry] = [:]

    /// The last good answer.
    func addresses(of host: String) -> [String] { entries[host.lowercased()]?.addresses ?? [] }

    /// Whether a name stands for another address than before, and that has not been said again a while later.
    func isChangeNew(_ host: String) -> Bool {
        entries[host.lowercased()].map { $0.changedAt != nil && !$0.isFirst } ?? false
    }

    /// Whether the last good answer is not believed yet.
    func isDoubted(_ host: String) -> Bool { entries[host.lowercased()]?.doubted != nil }

    /// Whether what a name stands for was said once and again a while later.
    func isConfirmed(_ host: String) -> Bool { entries[host.lowercased()].map { $0.changedAt == nil } ?? false }

    /// Whether `host` is to be asked about now; if so it is noted as asked.
    mutating func shouldAsk(_ host: String, isUrgent: Bool, spacing: Duration, at now: Instant) -> Bool {
        let key = host.lowercased()
        if entries[key] == nil, entries.count >= Self.capacity {
            // Whatever is still used is asked about again.
            entries = entries.filter { $0.value.isAsked }
            guard entries.count < Self.capacity else { return false }
        }
        let entry = entries[key, default: Entry()]
        let age = entry.answeredAt.map { now - $0 }
        let limit = isUrgent || entry.isFailing ? spacing : Self.freshFor
        guard !entry.isAsked, age.map({ $0 >= limit }) ?? true else { return false }
        entries[key, default: entry].isAsked = true
        return true
    }

    /// Whether there is an answer to go by, if only that there is no address.
    func isKnown(_ host: String, spacing: Duration, at now: Instant) -> Bool {
        guard let entry = entries[host.lowercased()], let answeredAt = entry.answeredAt else { return false }
        return !entry.addresses.isEmpty || now - answeredAt < spacing
    }

    /// Puts `waiting` aside until an answer comes; tells whether one will.
    mutating func put(_ waiting: Waiting, asideFor host: String) -> Bool {
        let key = host.lowercased()
        guard let entry = entries[key], entry.isAsked, entry.waiting.count < Self.patience else { return false }
        if !entry.waiting.contains(waiting) { entries[key]?.waiting.append(waiting) }
        return true
    }

    /// The ports at a name that inputs put aside for it are about.
    func portsWaitedFor(at host: String) -> Set<UInt16> {
        let key = host.lowercased()
        var ports: Set<UInt16> = []
        for waiting in entries[key]?.waiting ?? [] {
            switch waiting {
            case .hello(let hello):
                for endpoint in [hello.sender, hello.master] where endpoint.host.lowercased() == key {
                    ports.insert(endpoint.port)
                }
            case .command(_, .isMasterDown(let endpoint, _, _)): ports.insert(endpoint.port)
            case .command, .info: break
            }
        }
        return ports
    }

    /// Takes an answer in; tells whether the name has ceased to resolve with it, and what waited for it.
    ///
    /// - Parameter isDoubtful: Whether it leads to where another node is known to be.
    mutating func answer(
        _ host: String, _ addresses: [String], isDoubtful: Bool, at now: Instant
    ) -> (isNewlyLost: Bool, [Waiting]) {
        let key = host.lowercased()
        var entry = entries[key, default: Entry()]
        let isNewlyLost = addresses.isEmpty && !entry.isFailing
        if !addresses.isEmpty {
            let since = entry.doubted.flatMap { $0.addresses == addresses ? $0.since : nil } ?? now
            entry.doubted = isDoubtful && now - since < Self.doubtFor ? (addresses, since) : nil
            if entry.doubted == nil {
                entry.noteChange(to: addresses, at: now)
                entry.addresses = addresses
            }
        }
        // What is doubted is asked about again as soon as what fails.
        entry.isFailing = addresses.isEmpty || entry.doubted != nil
        entry.answeredAt = now
        entry.isAsked = false
        let waiting = entry.waiting
        entry.waiting = []
        entries[key] = entry
        return (isNewlyLost, waiting)
    }
}

extension Sentinel {
    /// The address that is known for an endpoint; without a numeric form while that is unknown.
    func knownAddress(_ endpoint: Endpoint) -> NodeAddress {
        var address = NodeAddress(endpoint)
        if address.ip == nil, resolvesHostnames { address.ip = names.addresses(of: endpoint.host).first }
        return address
    }

    /// The address for an endpoint, or `nil` if it is not known yet: then `waiting` is taken up again when it is.
    mutating func locate(_ endpoint: Endpoint, orPutAside waiting: Names.Waiting, at now: Instant) -> NodeAddress? {
        let address = knownAddress(endpoint)
        guard resolvesHostnames, !endpoint.host.isEmpty, !NumericHost.isNumeric(endpoint.host) else { return address }
        ask(about: endpoint.host, at: now)
        let isKnown = names.isKnown(endpoint.host, spacing: timing.pingPeriod, at: now)
        return isKnown || !names.put(waiting, asideFor: endpoint.host) ? address : nil
    }

    /// Asks what a name stands for, unless that was done a moment ago or is under way.
    ///
    /// - Parameter isUrgent: Whether even a good answer is doubted after a ping period.
    mutating func ask(about host: String, isUrgent: Bool = false, at now: Instant) {
        guard resolvesHostnames, !host.isEmpty, !NumericHost.isNumeric(host),
            names.shouldAsk(host, isUrgent: isUrgent, spacing: timing.pingPeriod, at: now)
        else { return }
        perform(.resolve(host))
    }

    /// Whether whoever is at the other end may be given orders.
    func takesOrders(_ id: Link.ID) -> Bool {
        links[id].canSend && !(resolvesHostnames && names.isChangeNew(links[id].address.host))
    }

    /// Whether whoever is at the other end may be corrected, which has time.
    func mayBeCorrected(_ id: Link.ID) -> Bool {
        takesOrders(id) && isCertain(links[id].address)
    }

    /// Whether an address is a number, or a name that was said more than once to stand for the number it has; it may have
    /// one that the name stood for before.
    func isCertain(_ address: NodeAddress) -> Bool {
        guard resolvesHostnames, !NumericHost.isNumeric(address.host) else { return true }
        return names.isConfirmed(address.host)
            && address.ip.map(names.addresses(of: address.host).contains) ?? false
    }

    /// Whether a replica's name was answered only once, and whoever is there does not say that he follows the master: he
    /// may belong elsewhere.
    func mayBeMisled(_ replica: Replica, of id: Master.ID) -> Bool {
        let host = replica.presence.address.host
        guard resolvesHostnames, !NumericHost.isNumeric(host), !names.isConfirmed(host) else { return false }
        guard replica.info.role == .replica, let followed = replica.masterHost else { return true }
        let place = knownAddress(Endpoint(host: followed, port: replica.masterPort))
        return !place.isSameNode(as: masters[id].presence.address)
    }

    mutating func resolved(_ host: String, to addresses: [String], at now: Instant) {
        let key = host.lowercased()
        let users = linkDirectory.links(at: key).filter { links[$0].address.host.lowercased() == key }
        let (isNewlyLost, waiting) = names.answer(
            host, addresses, isDoubtful: isElsewhere(host, addresses, users), at: now)
        if isNewlyLost { emitLog(.unresolvedHost(host)) }
        let believed = names.addresses(of: host)
        if !addresses.isEmpty, !believed.isEmpty, !names.isDoubted(host) {
            for id in users where links.contains(id) { follow(believed, link: id, at: now) }
        }
        for one in waiting {
            switch one {
            case .hello(let hello): helloHeard(hello, on: nil, at: now)
            case .command(let request, let command): obey(request, command, at: now)
            case .info(let link): if links.contains(link) { askAgain(link, at: now) }
            }
        }
    }

    /// Whether an answer has nothing of the one before, and leads the links of a name to where others are known to be.
    private func isElsewhere(_ host: String, _ addresses: [String], _ users: [Link.ID]) -> Bool {
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
    private func isTaken(_ ip: String, from id: Link.ID) -> Bool {
        let (own, target) = (links[id].address, links[id].target)
        return linkDirectory.links(at: ip).contains { other in
            let address = links[other].address
            guard address.ip == ip, address.port == own.port, other != id,
                address.host.lowercased() != own.host.lowercased()
            else { return false }
            return links[other].target != target || own.ip != nil || !NumericHost.isNumeric(address.host)
        }
    }

    /// Has a link go where its name leads now; one that is connected only if it leads to somebody else.
    private mutating func follow(_ addresses: [String], link id: Link.ID, at now: Instant) {
        guard let first = addresses.first else { return }
        let isSettled = links[id].address.ip.map(addresses.contains) ?? false
        changeLead(of: id) { $0.heard(isSame: isSettled, at: now) }
        guard !isSettled else { return links[id].canSend ? () : touch(.link(id), at: now) }
        if links[id].canSend, let ip = links[id].address.ip, !isTaken(ip, from: id),
            !links[id].lead.isRefuted(at: now), !isMuteElsewhere(id), !isMisnamed(id, addresses)
        {
            return
        }
        let isFirst = links[id].address.ip == nil
        lead(id, to: first, at: now)
        // What is told and remembered stays the last address that answered.
        if isFirst { adopt(ip: first, for: id, isReached: false, at: now) }
        // Gone by now, if that made two entries one.
        if links.contains(id) { reconnect(id, at: now) }
    }

    /// Whether only the connection for commands is left of a link, and its name is confirmed to lead elsewhere: where it
    /// stands no other can be made, as where a forwarding was taken away that lets go on what it has.
    private func isMuteElsewhere(_ id: Link.ID) -> Bool {
        links[id].subscription.needsConnection && links[id].hello?.establishedAt == nil
            && names.isConfirmed(links[id].address.host)
    }

    /// Whether a name is confirmed not to be that of the node its link leads to: a replica's stands for another node of its
    /// group, or a master's for another node than one that says it is a replica.
    private func isMisnamed(_ id: Link.ID, _ addresses: [String]) -> Bool {
        let (own, target) = (links[id].address, links[id].target)
        guard case .dataNode(let master) = target, names.isConfirmed(own.host) else { return false }
        if masters[master].presence.link == id {
            return masters[master].info.role == .replica && masters[master].failover == nil
        }
        return addresses.lazy.flatMap(linkDirectory.links(at:)).contains { other in
            let address = links[other].address
            return other != id && links[other].target == target && address.port == own.port
                && address.ip.map(addresses.contains) ?? false
        }
    }

    private mutating func lead(_ id: Link.ID, to ip: String, at now: Instant) {
        guard links[id].address.ip != ip else { return }
        links[id].lead = Lead(since: now, after: links[id].lead, firstReplica: makeReplicaID())
        setAddress(ofLink: id, to: ip)
        links[id].failures = 0
    }

    /// Notes something about an address; one that is proven by it takes the place of the name in the file.
    private mutating func changeLead(of id: Link.ID, _ change: (inout Lead) -> Void) {
        let wasProven = links[id].lead.isToldProven
        change(&links[id].lead)
        if links[id].lead.isToldProven, !wasProven, resolvesHostnames, !settingsAnnounceHostnames { persist() }
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
            dropDoubles(of: masters[user].presence.address, in: user)
            if let index = masters[user].replicas.firstIndex(where: { $0.presence.link == id }) {
                dropIfDouble(index, of: user)
            }
        }
        if isNews { persist() }
    }

    /// Drops what was heard of as replicas where the master's name led by mistake: they are another group's, if anybody's.
    private mutating func dropDoubtfulReplicas(of id: Master.ID) {
        let link = masters[id].presence.link
        guard let first = links[link].lead.doubtfulFrom, masters[id].failover == nil else { return }
        links[link].lead.doubtfulFrom = nil
        for replica in masters[id].replicas where replica.id >= first { drop(replica.id, of: id) }
    }

    /// Drops a replica that turns out to be a node the group has already, under its numeric address or another name.
    ///
    /// - Source: spec/defects.md 32.
    private mutating func dropIfDouble(_ index: Int, of id: Master.ID) {
        let replica = masters[id].replicas[index]
        let address = replica.presence.address
        let double = masters[id].replicas.first { $0.id != replica.id && $0.presence.address.isSameNode(as: address) }
        let isMaster = masters[id].presence.address.isSameNode(as: address)
        guard masters[id].failover == nil, isMaster || double != nil else { return }
        // Where names are told, the name is what stays true.
        let dropsOther = !isMaster && settingsAnnounceHostnames && !NumericHost.isNumeric(address.host)
        drop(dropsOther ? double?.id ?? replica.id : replica.id, of: id)
    }

    /// Drops what is known as replicas, of a group whose master has turned out to be the same node.
    private mutating func dropDoubles(of master: NodeAddress, in id: Master.ID) {
        guard masters[id].failover == nil else { return }
        for replica in masters[id].replicas where replica.presence.address.isSameNode(as: master) {
            drop(replica.id, of: id)
        }
    }

    mutating func drop(_ replica: ReplicaID, of id: Master.ID) {
        guard let index = masters[id].replicaIndex(replica) else { return }
        let link = masters[id].replicas.remove(at: index).presence.link
        releaseLink(link, of: id)
    }

    /// Whether a replica says that it follows `master`; `nil` while a name in it is unknown.
    mutating func follows(_ replica: Replica, _ master: NodeAddress, at now: Instant) -> Bool? {
        guard let host = replica.masterHost, replica.masterPort == master.port else { return false }
        if host == master.ip || host.lowercased() == master.host.lowercased() { return true }
        guard let ip = master.ip else { return nil }
        guard resolvesHostnames, !NumericHost.isNumeric(host) else { return false }
        guard
            let address = locate(
                Endpoint(host: host, port: master.port), orPutAside: .info(replica.presence.link), at: now),
            address.ip != nil
        else { return nil }
        return names.addresses(of: host).contains(ip)
    }
}
