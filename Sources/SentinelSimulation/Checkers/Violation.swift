// SPDX-License-Identifier: Apache-2.0

/// A rule that was broken.
package struct Violation: Error, Sendable, Equatable {
    package enum Rule: String, Sendable, Hashable {
        case oneLeaderPerEpoch = "one leader per group and epoch"
        case leaderHasMajority = "a leader has the votes of a majority and the quorum"
        case oneVotePerEpoch = "one vote per sentinel, group and epoch"
        case voteIsDurable = "a vote is on disk before it is told"
        case promotionIsDurable = "a promotion is on disk before it is told"
        case epochsOnlyRise = "epochs never go back"
        case oneAddressPerConfigEpoch = "a config epoch stands for one address"
        case answerIsRemembered = "clients are told what is remembered"
        case ordersComeFromLeader = "a promotion is ordered by the elected leader or for an operator"
        case nobodyFollowsItself = "nobody is told to follow itself"
        case ordersNameTheMaster = "replicas are told to follow the master that is remembered"
        case promotedIsFit = "a replica that is promoted may be, and was not without its master for long"
        case odownHasQuorum = "objectively down needs the quorum"
        case nothingInTilt = "a sentinel that was held up takes no decision on time"
        case scriptsAreFew = "not more than 16 scripts run at once"
        case noBusyLoop = "no busy loop"
        case fileIsReadable = "the file can be read again"
        case convergence = "all agree in time once faults have stopped"
        case failover = "a dead master is replaced in time"
    }

    package let rule: Rule
    package let text: String
}
