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
}
