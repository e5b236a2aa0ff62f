// SPDX-License-Identifier: Apache-2.0

/// Links by the name and by the numeric address they lead to, so that an answer about one name looks at the few links
/// that it can concern and not at all of them.
///
/// Kept while names are resolved; empty otherwise.
struct LinkDirectory: Sendable {
    private var linksByHost: [String: [Link.ID]] = [:]

    /// The links that have `host` as name, in any case, or lead to it as numeric address; in the order of their slots.
    func links(at host: String) -> [Link.ID] { linksByHost[host.lowercased()] ?? [] }

    /// Whether a link has `host`, in lower case, as name or leads to it as numeric address.
    func has(_ host: String) -> Bool { linksByHost[host] != nil }

    mutating func insert(_ id: Link.ID, _ address: NodeAddress) {
        for host in Self.hosts(of: address) {
            var links = linksByHost[host] ?? []
            links.insert(id, at: links.firstIndex { $0 > id } ?? links.endIndex)
            linksByHost[host] = links
        }
    }

    mutating func remove(_ id: Link.ID, _ address: NodeAddress) {
        for host in Self.hosts(of: address) {
            linksByHost[host]?.removeAll { $0 == id }
            if linksByHost[host]?.isEmpty == true { linksByHost[host] = nil }
        }
    }

    private static func hosts(of address: NodeAddress) -> [String] {
        let host = address.host.lowercased()
        guard let ip = address.ip?.lowercased(), ip != host else { return [host] }
        return [host, ip]
    }
}

extension Sentinel {
    /// Begins or ceases to resolve names.
    mutating func setResolvesHostnames(_ isOn: Bool, at now: Instant) {
        resolvesHostnames = isOn
        linkDirectory = LinkDirectory()
        for id in links.ids {
            if isOn { linkDirectory.insert(id, links[id].address) }
            touch(.link(id), at: now)
        }
    }

    /// Has a link go to another numeric address from its next connection on.
    mutating func setAddress(ofLink id: Link.ID, to ip: String) {
        if resolvesHostnames { linkDirectory.remove(id, links[id].address) }
        links[id].address.ip = ip
        if resolvesHostnames { linkDirectory.insert(id, links[id].address) }
    }
}
