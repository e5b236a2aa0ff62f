// SPDX-License-Identifier: Apache-2.0

/// One monitored group: the master, its replicas and the other sentinels that watch it.
package struct Master: Sendable {
    typealias ID = Slab<Master>.ID

    let name: MasterName
    var presence: Presence
    var info: NodeInfo
    var replicas: [Replica] = []
    var peers: [Peer] = []

    // What it is told; see MasterSettings.
    var quorum: Int
    var downAfter: Duration
    var failoverTimeout: Duration
    var parallelSyncs: Int
    var notificationScript: String?
    var clientReconfigScript: String?
    var authUser: String?
    var authPassword: Secret?
    var masterRebootDownAfter: Duration
    var renamedCommands: [RenamedCommand]

    // What is agreed.
    var odownSince: Instant?
    var configEpoch: Epoch
    /// The state that must be on disk before peers are told of the address and its epoch.
    var configGeneration = Generation.zero
    /// The epoch of the last vote for this group; outlives a restart, unlike the vote itself.
    var leaderEpoch: Epoch
    /// Whom this sentinel voted for in `leaderEpoch`; unknown after a restart.
    var leader: RunID?
    /// The state that must be on disk before the vote may be told.
    var voteGeneration = Generation.zero
    /// Two addresses in one config epoch, and what was done about them since the group last moved.
    var conflict = Conflict()
    /// Since when a master with a new run ID has not yet answered PONG.
    var rebootedAt: Instant?

    /// Whom the master says that it follows, should it be a replica.
    var follows: Endpoint?
    /// How long it says that it has been without him.
    var withoutMasterFor = Duration.zero

    // Replacing the master.
    var failover: Failover?
    /// When an attempt began here, or a vote went to somebody else; the next attempt keeps its distance.
    var attemptedAt: Instant?
    /// When this sentinel may stand for election although an attempt is recent: the last one was a split vote.
    var retryAt: Instant?
    var splitVotes = 0
    /// Attempts in a row that found no replica fit to be promoted.
    var fruitlessAttempts = 0
    /// The order to the master itself, until it is answered: to follow the promoted replica, or to be a master again.
    var order: Replica.Order?
    /// Whether the master refused the transaction around the order to be one again.
    var refusedRestoration = false
    /// When this sentinel's turn to stand comes, decided once odown is reached.
    var candidacyAt: Instant?
    /// The last refusal that was logged, so that each is logged once.
    var delayLoggedUntil: Instant?

    var wakeAt: Instant?

    init(_ settings: MasterSettings, presence: Presence, at now: Instant) {
        name = settings.name
        self.presence = presence
        info = NodeInfo(role: .master, at: now)
        quorum = settings.quorum
        downAfter = settings.downAfter
        failoverTimeout = settings.failoverTimeout
        parallelSyncs = settings.parallelSyncs
        notificationScript = settings.notificationScript
        clientReconfigScript = settings.clientReconfigScript
        authUser = settings.authUser
        authPassword = settings.authPassword
        masterRebootDownAfter = settings.masterRebootDownAfter
        renamedCommands = settings.renamedCommands
        configEpoch = settings.configEpoch
        leaderEpoch = settings.leaderEpoch
    }

    /// Sentinels known to watch it, this one included; the voters of an election.
    var voters: Int { peers.count + 1 }

    /// The replica that a failover in its last stage has promoted.
    var promoted: Replica? {
        guard let failover, case .reconfReplicas(let id) = failover.stage else { return nil }
        return replicas.first { $0.id == id }
    }

    /// Where the group's master is: the promoted replica as soon as there is one.
    var currentAddress: NodeAddress { current.address }
    /// Where that is.
    var current: Presence { promoted?.presence ?? presence }

    func replicaIndex(_ id: ReplicaID) -> Int? { replicas.firstIndex { $0.id == id } }
    func replicaIndex(at address: NodeAddress) -> Int? {
        replicas.firstIndex { $0.presence.address.isSameNode(as: address) }
    }
    func peerIndex(_ runID: RunID) -> Int? { peers.firstIndex { $0.runID == runID } }
}
