// SPDX-License-Identifier: Apache-2.0

// One process speaks for one sentinel. An entry whose address another sentinel has by now, or this one itself, stays an
// entry and one of the voters, for its sentinel may be elsewhere; but it is not asked, or whoever is there would have
// two votes, and a sentinel that was given another's address could elect itself.
// - Source: suite `A sentinel at another's address`.

extension Sentinel {
    /// Whether a peer can be asked, and whoever answers is the peer.
    func canBeAsked(_ peer: Peer) -> Bool { links[peer.presence.link].canSend && hasOwnPlace(peer) }

    /// Whether nobody else is known to be at a peer's address.
    func hasOwnPlace(_ peer: Peer) -> Bool { !peer.isUsurped && !leadsHere(peer) }

    /// Whether a peer's address leads to this sentinel: it is the one that we tell, or the one that we call from.
    private func leadsHere(_ peer: Peer) -> Bool {
        let address = peer.presence.address
        guard let ip = address.ip else { return false }
        let isLocal = address.port == listeningPort && ip == links[peer.presence.link].localHost
        let port = announcePort != 0 ? announcePort : listeningPort
        return isLocal || address.port == port && (address.host == announceHost || ip == announceHost)
    }

    /// Notes that a peer is where it says that it is, so that nobody else of the group is.
    mutating func claimPlace(_ runID: RunID, in id: Master.ID, at now: Instant) {
        guard let owner = masters[id].peerIndex(runID) else { return }
        let address = masters[id].peers[owner].presence.address
        masters[id].peers[owner].isUsurped = false
        for index in masters[id].peers.indices
        where index != owner && masters[id].peers[index].presence.address.isSameNode(as: address) {
            masters[id].peers[index].isUsurped = true
            masters[id].peers[index].reportsMasterDown = false
            masters[id].peers[index].vote = nil
        }
        touch(.master(id), at: now)
    }
}
