// SPDX-License-Identifier: Apache-2.0

/// Chooses the replica to promote.
///
/// - Source: spec/monitoring.md 8, Selection.
enum ReplicaSelection {
    /// How long one that refused to be promoted comes behind all others.
    static let refusalLasts = Duration.seconds(10)

    /// What the choice depends on.
    struct Candidate: Sendable {
        let id: ReplicaID
        let isDown: Bool
        let isConnected: Bool
        let availableAgo: Duration
        let infoAge: Duration?
        let masterLinkDownFor: Duration
        let priority: Int
        let offset: Int64
        let runID: String?
        let hasRefused: Bool
        /// The limits, which depend on the master's state.
        let availableLimit: Duration
        let infoAgeLimit: Duration
        /// `nil` where it says nothing.
        let masterLinkDownLimit: Duration?

        var isFit: Bool {
            guard !isDown, isConnected, priority != 0, let infoAge else { return false }
            return availableAgo <= availableLimit && infoAge <= infoAgeLimit
                && masterLinkDownLimit.map { masterLinkDownFor <= $0 } ?? true
        }

        /// One that has not refused just now, then lower priority, larger offset, smaller run ID, a missing one last.
        func isBetter(than other: Candidate) -> Bool {
            if hasRefused != other.hasRefused { return !hasRefused }
            if priority != other.priority { return priority < other.priority }
            if offset != other.offset { return offset > other.offset }
            switch (runID?.lowercased(), other.runID?.lowercased()) {
            case (let mine?, let theirs?): return mine < theirs
            case (.some, nil): return true
            case (nil, .some), (nil, nil): return false
            }
        }
    }

    /// The index of the best candidate, or `nil` when none is fit.
    static func best(of candidates: [Candidate]) -> Int? {
        candidates.indices.filter { candidates[$0].isFit }
            .min { candidates[$0].isBetter(than: candidates[$1]) }
    }
}

extension Sentinel {
    /// Whether a replica may be another group's, for it was heard of where the master's name led by mistake, if it did.
    ///
    /// - Parameter trustsFirstAnswer: Whether those are taken for the group's that were heard of where the master's
    ///   name was answered once. Where that is disputed they aren't.
    func mayBeStray(_ replica: ReplicaID, of id: Master.ID, trustsFirstAnswer: Bool) -> Bool {
        let lead = links[masters[id].presence.link].lead
        return trustsFirstAnswer && isUndisputed(masters[id].presence)
            ? lead.isDoubtful(replica) : lead.isUnconfirmed(replica)
    }

    /// - Parameter trustsFirstAnswer: Whether those are fit too that were heard of where the master's name was answered
    ///   once, for it may be another group's, and so are they then; and those whose own name was, who may be somebody
    ///   else.
    /// - Parameter evenIfDisputed: Whether such replicas are fit too whose name was answered with where somebody else is
    ///   known to be: may be that they turn out to be.
    func replicaCandidates(
        _ id: Master.ID, trustsFirstAnswer: Bool, evenIfDisputed: Bool = false, at now: Instant
    ) -> [ReplicaSelection.Candidate] {
        let master = masters[id]
        let isDown = master.presence.isSdown
        // Since it says that it is a replica it has left its own alone; it counts as down long after, and may have been
        // one before this sentinel knew it.
        let isReplica = master.info.role == .replica
        let seenSince = Instant?.earlier(master.presence.sdownSince, isReplica ? master.info.roleReportedAt : nil)
        let saidFor = isReplica && isCertain(master.presence.address) ? master.withoutMasterFor : .zero
        let aloneFor = max(seenSince.map { now - $0 } ?? .zero, saidFor)
        // In a circle there is nobody whom they could have been connected to.
        let isCircle = isInCircle(id)
        return master.replicas.map { replica in
            let link = links[replica.presence.link]
            return ReplicaSelection.Candidate(
                id: replica.id,
                isDown: replica.presence.isSdown,
                isConnected: takesOrders(replica.presence.link) && !mayBeMisled(replica, of: id)
                    && !isCurrentMaster(replica, of: id)
                    && !mayBeStray(replica.id, of: id, trustsFirstAnswer: trustsFirstAnswer)
                    && (trustsFirstAnswer
                        ? evenIfDisputed || isUndisputed(replica.presence) : isCertain(replica.presence.address))
                    && !servesAnotherGroup(replica, than: id)
                    && !mayServeAnotherGroup(replica, than: id),
                availableAgo: now - link.availableAt,
                infoAge: replica.info.receivedAt.map { now - $0 },
                masterLinkDownFor: replica.masterLinkDownFor,
                priority: replica.priority,
                offset: replica.offset,
                runID: replica.info.runID,
                hasRefused: replica.refusedPromotionAt.map { now - $0 < ReplicaSelection.refusalLasts } ?? false,
                availableLimit: timing.pingPeriod * 5,
                infoAgeLimit: isDown ? timing.pingPeriod * 5 : timing.infoPeriod * 3,
                masterLinkDownLimit: isCircle ? nil : aloneFor + master.downAfter * 10)
        }
    }
}
