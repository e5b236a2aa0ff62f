// SPDX-License-Identifier: Apache-2.0

/// A lie the simulator tells a sentinel or tells for it, as if the core had that defect; so that it can be seen that
/// the checkers see. Nothing of this reaches the core's own code.
package enum Sabotage: Sendable, CaseIterable {
    /// States are reported as saved and never are.
    case nothingIsSaved
    /// The epochs of votes are left out of the file.
    case votesAreNotSaved
    /// Config epochs are left out of the file.
    case configEpochsAreNotSaved
    /// What was promoted is left out of the file, and said to be there.
    case promotionsAreNotSaved
    /// A restart finds a file from long ago.
    case oldFileComesBack
    /// A vote is told to whoever asks, whatever was told before.
    case voteGrantedTwice
    /// A candidate reads every answer as a vote for itself.
    case everyAnswerIsAVote
    /// The file forgets the other sentinels and the quorum: a majority of one.
    case majorityOfReachable
    /// A configuration counts as of the epoch that its sender is in, not of the one in which it was agreed.
    case staleConfigurationIsNewest
    /// Nobody is ever told about a new configuration.
    case hellosDoNotSpread
    /// Replicas are told to follow themselves.
    case replicaOfItself
    /// INFO never shows a promotion.
    case promotionIsNotSeen
    /// A promotion is ordered by everybody who stands for election.
    case promotionBeforeElection
    /// A replica's INFO hides how long it has been without its master.
    case disconnectionIsNotSeen
    /// One sentinel less is enough to agree.
    case quorumIsOneLess
    /// A loop that was held up is not noticed.
    case tiltIsIgnored
    /// All draw the same numbers, and nobody lets a better candidate go first.
    case nothingIsStaggered
    /// The disk never says that it is done.
    case savingNeverEnds
    /// The deadline is forgotten.
    case neverWoken
    /// No replica is remembered, as if the old master were never one.
    case replicasAreForgotten
    /// The file says something that can't be read again.
    case fileIsBroken
    /// Scripts are said to have ended while they run.
    case scriptsGoOn
    /// Clients are told the address that a group began with.
    case clientsAreToldTheFirst

    /// The rule that has to be seen broken.
    package var breaks: Violation.Rule {
        switch self {
        case .nothingIsSaved: .voteIsDurable
        case .votesAreNotSaved, .configEpochsAreNotSaved, .oldFileComesBack: .epochsOnlyRise
        case .promotionsAreNotSaved: .promotionIsDurable
        case .voteGrantedTwice: .oneVotePerEpoch
        case .everyAnswerIsAVote, .majorityOfReachable: .leaderHasMajority
        case .staleConfigurationIsNewest: .oneAddressPerConfigEpoch
        case .hellosDoNotSpread: .convergence
        case .replicaOfItself: .nobodyFollowsItself
        case .promotionIsNotSeen: .failover
        case .promotionBeforeElection: .ordersComeFromLeader
        case .disconnectionIsNotSeen: .promotedIsFit
        case .quorumIsOneLess: .odownHasQuorum
        case .tiltIsIgnored: .nothingInTilt
        case .nothingIsStaggered, .savingNeverEnds, .neverWoken: .failover
        case .replicasAreForgotten: .convergence
        case .fileIsBroken: .fileIsReadable
        case .scriptsGoOn: .scriptsAreFew
        case .clientsAreToldTheFirst: .answerIsRemembered
        }
    }
}
