// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// What the original keeps of one process.
struct OriginalInstance {
    let endpoint: Endpoint
    var command: ConnectionID?
    var hellos: ConnectionID?
    var connectedAt: Instant
    var hellosConnectedAt: Instant
    var attemptedAt: Instant
    var pending = 0
    var heardAt: Instant
    var publishedAt: Instant
    var pingAt: Instant
    var pongAt: Instant
    var availableAt: Instant
    var unansweredSince: Instant?
    var downSince: Instant?
    var isDown = false

    // From INFO.
    var infoAt: Instant?
    var runID: String?
    var role: Role
    var roleAt: Instant
    var follows: Endpoint?
    var followsSince: Instant
    var masterLinkDownFor = Duration.zero
    var isMasterLinkUp = false
    var priority = 100
    var offset: Int64 = 0

    /// Following the promoted replica.
    enum Move {
        case none
        case sent(since: Instant)
        case inProgress, done
    }
    var move = Move.none

    init(_ endpoint: Endpoint, role: Role, at now: Instant) {
        self.endpoint = endpoint
        self.role = role
        connectedAt = now
        hellosConnectedAt = now
        attemptedAt = now - .seconds(1)
        heardAt = now
        publishedAt = now
        pingAt = now - .seconds(1)
        pongAt = now
        availableAt = now
        unansweredSince = now
        roleAt = now
        followsSince = now
    }

    var canSend: Bool { command != nil }
    /// Whether so many answers are missing that nothing more is asked.
    var isFull: Bool { pending >= 100 }
    mutating func connected(_ id: ConnectionID) {}

    mutating func disconnected(_ id: ConnectionID, at now: Instant) {
        if command == id {
            command = nil
            pending = 0
        }
        if hellos == id { hellos = nil }
    }

    mutating func ponged(_ answer: PingReply, at now: Instant) {
        pongAt = now
        switch answer {
        case .pong, .notReady:
            availableAt = now
            unansweredSince = nil
        case .busy, .unauthenticated, .forbidden, .refused: break
        }
    }

    func silence(at now: Instant) -> Duration {
        unansweredSince.map { now - $0 } ?? (canSend ? .zero : now - availableAt)
    }
}

/// Another sentinel, as the original sees it.
struct OriginalPeer {
    let runID: RunID
    var instance: OriginalInstance
    var saysDown = false
    var vote: Vote?
    var repliedAt: Instant
    var askedAt: Instant

    init(_ runID: RunID, _ endpoint: Endpoint, at now: Instant) {
        self.runID = runID
        instance = OriginalInstance(endpoint, role: .master, at: now)
        repliedAt = now - .seconds(1)
        askedAt = now - .seconds(1)
    }

    mutating func note(_ opinion: Opinion, at now: Instant) {
        repliedAt = now
        saysDown = opinion.isDown
        if let vote = opinion.vote { self.vote = vote }
    }
}

/// What the original keeps of one group.
struct OriginalGroup {
    enum Stage { case none, waitStart, selectReplica, sendPromotion, waitPromotion, moveReplicas, updateConfiguration }
    enum Kind { case master, replica, sentinel }

    let name: MasterName
    var master: OriginalInstance
    var replicas: [OriginalInstance] = []
    var peers: [OriginalPeer] = []
    var quorum: Int
    var downAfter: Duration
    var failoverTimeout: Duration
    var parallelSyncs: Int
    var configEpoch: Epoch
    var leaderEpoch: Epoch
    var leader: RunID?
    var isOdown = false
    var stage = Stage.none
    var stageAt = Instant.start
    var isForced = false
    var failoverEpoch = Epoch.zero
    /// When an attempt began, or a vote went to somebody else.
    var attemptedAt: Instant?
    var promoted: Endpoint?

    init(_ settings: MasterSettings, at now: Instant) {
        name = settings.name
        master = OriginalInstance(settings.address, role: .master, at: now)
        quorum = settings.quorum
        downAfter = settings.downAfter
        failoverTimeout = settings.failoverTimeout
        parallelSyncs = settings.parallelSyncs
        configEpoch = settings.configEpoch
        leaderEpoch = settings.leaderEpoch
        replicas = settings.knownReplicas.map { OriginalInstance($0, role: .replica, at: now) }
        peers = settings.knownSentinels.map { OriginalPeer($0.runID, $0.address, at: now) }
    }

    /// What clients, hellos and the file are told.
    var currentAddress: Endpoint {
        switch stage {
        case .moveReplicas, .updateConfiguration: promoted ?? master.endpoint
        case .none, .waitStart, .selectReplica, .sendPromotion, .waitPromotion: master.endpoint
        }
    }

    var remembered: MasterSettings {
        var settings = MasterSettings(name: name, address: currentAddress, quorum: quorum)
        settings.downAfter = downAfter
        settings.failoverTimeout = failoverTimeout
        settings.parallelSyncs = parallelSyncs
        settings.configEpoch = configEpoch
        settings.leaderEpoch = leaderEpoch
        settings.knownReplicas = replicas.map { $0.endpoint == currentAddress ? master.endpoint : $0.endpoint }
        settings.knownSentinels = peers.map { KnownSentinel(address: $0.instance.endpoint, runID: $0.runID) }
        return settings
    }

    /// The connections to its nodes.
    var links: [ConnectionID] { ([master] + replicas).flatMap { [$0.command, $0.hellos] }.compactMap(\.self) }

    mutating func withInstance(_ id: ConnectionID, _ body: (inout OriginalInstance) -> Void) -> Bool {
        var isFound = false
        forEachInstance { instance, _ in
            guard !isFound, instance.command == id || instance.hellos == id else { return }
            isFound = true
            body(&instance)
        }
        return isFound
    }

    mutating func forEachInstance(_ body: (inout OriginalInstance, Kind) -> Void) {
        body(&master, .master)
        for index in replicas.indices { body(&replicas[index], .replica) }
        for index in peers.indices { body(&peers[index].instance, .sentinel) }
    }

    /// Gives up links that stand and are silent.
    mutating func recycleLinks(at now: Instant, _ effects: inout [Effect]) {
        let limit = downAfter / 2
        forEachInstance { instance, _ in
            let unheard = now - instance.pongAt
            let isSilent =
                if let since = instance.unansweredSince {
                    now - instance.connectedAt > .seconds(15) && now - since > limit && unheard > limit
                } else {
                    // What the original lacks: it waits for no PONG then, and where the host has vanished it never will.
                    instance.isFull && unheard > .seconds(15)
                }
            if let link = instance.command, isSilent {
                effects.append(.disconnect(link))
                instance.disconnected(link, at: now)
            }
            if let link = instance.hellos, now - instance.hellosConnectedAt > .seconds(15),
                now - instance.heardAt > .seconds(6)
            {
                effects.append(.disconnect(link))
                instance.disconnected(link, at: now)
            }
        }
    }
}
