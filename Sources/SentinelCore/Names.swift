// SPDX-License-Identifier: Apache-2.0

// Names of hosts, where `resolve-hostnames` allows them. What one stands for is asked of the shell (`.resolve`) and
// heard later (`.resolved`); nothing here waits for it but what needs it.
//
// 1. An input that mentions a name nobody has asked about is put aside and taken up again with the answer.
// 2. A name that resolved is taken for what it last stood for, and asked about again once that is old. It stays so while
//    it does not resolve: "does not resolve" means unknown, never "different".
// 3. A link asks about its name whenever its connection ends. If the name stands for other addresses by then, it goes
//    there; if for several, the next is tried after one that could not be reached, and the one that answered is kept.
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
        var isAsked = false
        var waiting: [Waiting] = []
    }

    /// Names remembered, and inputs put aside for each: more than any deployment has, less than a flood.
    private static let capacity = 4096
    private static let patience = 256
    /// How old a good answer may be before it is asked for again.
    private static let freshFor = Duration.seconds(10)

    /// By name in lower case.
    private var entries: [String: Entry] = [:]

    /// The last good answer.
    func addresses(of host: String) -> [String] { entries[host.lowercased()]?.addresses ?? [] }

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

    /// Takes an answer in; tells whether the name has ceased to resolve with it, and what waited for it.
    mutating func answer(_ host: String, _ addresses: [String], at now: Instant) -> (isNewlyLost: Bool, [Waiting]) {
        let key = host.lowercased()
        var entry = entries[key, default: Entry()]
        let isNewlyLost = addresses.isEmpty && !entry.isFailing
        if !addresses.isEmpty { entry.addresses = addresses }
        entry.isFailing = addresses.isEmpty
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

    mutating func resolved(_ host: String, to addresses: [String], at now: Instant) {
        let (isNewlyLost, waiting) = names.answer(host, addresses, at: now)
        if isNewlyLost { emitLog(.unresolvedHost(host)) }
        if !addresses.isEmpty {
            let key = host.lowercased()
            for id in links.ids where links.contains(id) && links[id].address.host.lowercased() == key {
                follow(addresses, link: id, at: now)
            }
        }
        for one in waiting {
            switch one {
            case .hello(let hello): helloHeard(hello, on: nil, at: now)
            case .command(let request, let command): obey(request, command, at: now)
            case .info(let link): if links.contains(link) { askAgain(link, at: now) }
            }
        }
    }

    /// Has a link go where its name leads now, unless it is connected.
    private mutating func follow(_ addresses: [String], link id: Link.ID, at now: Instant) {
        guard let first = addresses.first, !links[id].canSend else { return }
        if let ip = links[id].address.ip, addresses.contains(ip) { return touch(.link(id), at: now) }
        adopt(ip: first, for: id, at: now)
        // Gone by now, if that made two entries one.
        if links.contains(id) { reconnect(id, at: now) }
    }

    /// Takes note of the numeric address behind a link's name.
    mutating func adopt(ip: String, for id: Link.ID, at now: Instant) {
        let isFirst = links[id].address.ip == nil
        guard links[id].address.ip != ip else { return }
        links[id].address.ip = ip
        links[id].failures = 0
        persist()
        for user in links[id].users {
            if masters[user].presence.link == id { masters[user].presence.address.ip = ip }
            for index in masters[user].peers.indices where masters[user].peers[index].presence.link == id {
                masters[user].peers[index].presence.address.ip = ip
            }
            guard let index = masters[user].replicas.firstIndex(where: { $0.presence.link == id }) else { continue }
            masters[user].replicas[index].presence.address.ip = ip
            if isFirst { dropIfDouble(index, of: user) }
        }
    }

    /// Drops a replica that turns out to be a node the group has already, under its numeric address or another name.
    ///
    /// - Source: spec/defects.md 32.
    private mutating func dropIfDouble(_ index: Int, of id: Master.ID) {
        let replica = masters[id].replicas[index]
        let others = [masters[id].presence] + masters[id].replicas.filter { $0.id != replica.id }.map(\.presence)
        guard masters[id].failover == nil,
            others.contains(where: { $0.address.isSameNode(as: replica.presence.address) })
        else { return }
        masters[id].replicas.remove(at: index)
        releaseLink(replica.presence.link, of: id)
    }

    /// Whether a replica says that it follows `master`; `nil` while a name in it is unknown.
    mutating func follows(_ replica: Replica, _ master: NodeAddress, at now: Instant) -> Bool? {
        guard let host = replica.masterHost, replica.masterPort == master.port else { return false }
        if host == master.ip || host.lowercased() == master.host.lowercased() { return true }
        guard let ip = master.ip else { return nil }
        guard resolvesHostnames, !NumericHost.isNumeric(host) else { return false }
        guard let address = locate(
            Endpoint(host: host, port: master.port), orPutAside: .info(replica.presence.link), at: now),
            address.ip != nil
        else { return nil }
        return names.addresses(of: host).contains(ip)
    }
}
