// SPDX-License-Identifier: Apache-2.0

/// Names a replica for as long as it is known under its master.
package struct ReplicaID: Hashable, Sendable, Comparable {
    let number: UInt64
    package static func < (left: ReplicaID, right: ReplicaID) -> Bool { left.number < right.number }
}

/// A replica of a monitored master.
struct Replica: Sendable {
    /// How far it has come in following the promoted replica.
    enum Reconfiguration: Sendable, Equatable {
        case none
        case sent(since: Instant)
        /// It did not move in time and was told once more; nobody waits for it, and it has no slot.
        case overdue
        case inProgress(since: Instant)
        case done

        /// Whether the end of the failover does not wait for it.
        var isOver: Bool { self == .done || self == .overdue }

        /// Whether it was told, and is not seen to follow yet.
        var isTold: Bool {
            switch self {
            case .sent, .overdue: true
            case .none, .inProgress, .done: false
            }
        }
    }

    /// To follow another node, or nobody.
    struct Order: Sendable, Equatable {
        let master: Endpoint?
        let connection: ConnectionID
    }

    let id: ReplicaID
    /// `host:port` as first seen; the key that clients know it by.
    let name: String
    var presence: Presence
    var info: NodeInfo
    var masterHost: String?
    var masterPort: UInt16 = 0
    /// When it last changed whom it follows.
    var masterChangedAt: Instant
    var masterLinkDownFor: Duration = .zero
    var isMasterLinkUp = false
    var priority = 100
    var offset: Int64 = 0
    var isAnnounced = true
    var reconfiguration = Reconfiguration.none
    /// When it was last told to follow the master although no failover goes on.
    var putRightAt: Instant?
    /// When it last refused to be promoted.
    var refusedPromotionAt: Instant?
    /// The order under way, to be given again if the node refuses the transaction around it.
    var order: Order?

    init(id: ReplicaID, presence: Presence, name: String, at now: Instant) {
        self.id = id
        self.name = name
        self.presence = presence
        info = NodeInfo(role: .replica, at: now)
        masterChangedAt = now
    }
}
