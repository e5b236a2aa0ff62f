// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// Who gets in when many want to: `maxclients` for everybody, and a few more that clients can't use up.
///
/// Without the reserve, a leak in one application would keep the other sentinels from asking for votes and the
/// operator from looking after it. Applications often run beside sentinels, so a peer's slot is only lent: who has it
/// must say at once that it is a sentinel, as sentinels do, or go (`Client.mustIntroduceItself`).
struct ConnectionSlots {
    /// What a connection occupies.
    enum Slot: Hashable {
        case ordinary, administrator, peer
    }

    /// Slots for connections from this host.
    static let administratorSlots = 4
    /// Slots for connections from hosts that a known sentinel is at.
    static let peerSlots = 32
    /// How long whoever has a peer's slot may take to say that it is one.
    static let introductionSeconds: UInt64 = 5
    /// What has to be had in descriptors on top of `maxclients`.
    static let reserve = administratorSlots + peerSlots

    private let ordinarySlots: Int
    private var taken: [Slot: Int] = [:]

    /// - Parameter maxClients: The `maxclients` of the configuration.
    init(maxClients: Int) { ordinarySlots = maxClients }

    /// Takes a slot, the reserved ones last; `nil` when there is none left for that connection.
    ///
    /// - Parameter isFromPeer: Whether a known sentinel is at the other end's host; asked only when it matters.
    mutating func take(isLocal: Bool, isFromPeer: @autoclosure () -> Bool) -> Slot? {
        if take(.ordinary, of: ordinarySlots) { return .ordinary }
        if isLocal, take(.administrator, of: Self.administratorSlots) { return .administrator }
        if isFromPeer(), take(.peer, of: Self.peerSlots) { return .peer }
        return nil
    }

    mutating func free(_ slot: Slot) { taken[slot, default: 1] -= 1 }

    private mutating func take(_ slot: Slot, of limit: Int) -> Bool {
        guard taken[slot, default: 0] < limit else { return false }
        taken[slot, default: 0] += 1
        return true
    }
}

extension SocketAddress {
    /// Whether it is an address of this very host: loopback, or a unix socket.
    var isLocal: Bool {
        switch family {
        case .unix: true
        case .ipv4: host.hasPrefix("127.")
        case .ipv6: host == "::1"
        }
    }
}
