// SPDX-License-Identifier: Apache-2.0

// Asking what names stand for, and what is done with an answer.

extension Sentinel {
    /// The address that is known for an endpoint; without a numeric form while that is unknown.
    func knownAddress(_ endpoint: Endpoint) -> NodeAddress {
        var address = NodeAddress(endpoint)
        if address.ip == nil, resolvesHostnames { address.ip = names.addresses(of: endpoint.host).first }
        return address
    }

    /// The address for an endpoint, or `nil` if it is not known yet: then `waiting` is taken up again when it is.
    ///
    /// - Parameter mustBeFresh: Whether what a name stood for some time ago won't do.
    mutating func locate(
        _ endpoint: Endpoint, mustBeFresh: Bool = false, orPutAside waiting: Names.Waiting, at now: Instant
    ) -> NodeAddress? {
        let address = knownAddress(endpoint)
        guard resolvesHostnames, !endpoint.host.isEmpty, !NumericHost.isNumeric(endpoint.host) else { return address }
        ask(about: endpoint.host, at: now)
        let isKnown = names.isKnown(endpoint.host, mustBeFresh: mustBeFresh, spacing: timing.pingPeriod, at: now)
        return isKnown || !names.put(waiting, asideFor: endpoint.host) ? address : nil
    }

    /// Asks what a name stands for, unless that was done a moment ago or is under way.
    ///
    /// - Parameter isUrgent: Whether even a good answer is doubted after a ping period.
    mutating func ask(about host: String, isUrgent: Bool = false, at now: Instant) {
        guard resolvesHostnames, !host.isEmpty, !NumericHost.isNumeric(host),
            names.shouldAsk(host, inUse: linkDirectory, isUrgent: isUrgent, spacing: timing.pingPeriod, at: now)
        else { return }
        perform(.resolve(host))
    }

    mutating func resolved(_ host: String, to addresses: [String], at now: Instant) {
        let key = host.lowercased()
        let users = linkDirectory.links(at: key).filter { links[$0].address.host.lowercased() == key }
        let isShared = users.contains { id in links[id].address.ip.map { isTaken($0, from: id) } ?? false }
        let (isNewlyLost, waiting) = names.answer(
            host, addresses, isDoubtful: isElsewhere(host, addresses, users), isShared: isShared, at: now)
        if isNewlyLost { emitLog(.unresolvedHost(host)) }
        let believed = names.addresses(of: host)
        if !addresses.isEmpty, !believed.isEmpty, !names.isDoubted(host) {
            for id in users where links.contains(id) { follow(believed, link: id, at: now) }
        } else if addresses.isEmpty, names.isConfirmed(host) {
            for id in users where links.contains(id) { confirm(believed, link: id, isAnswered: false, at: now) }
        }
        for one in waiting {
            switch one {
            case .hello(let hello): helloHeard(hello, on: nil, at: now)
            case .command(let request, let command): obey(request, command, at: now)
            case .info(let link): if links.contains(link) { askAgain(link, at: now) }
            }
        }
    }
}
