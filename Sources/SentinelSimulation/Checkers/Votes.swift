// SPDX-License-Identifier: Apache-2.0

// Votes and leaders, judged by what was told and not by what a sentinel believes: the checker keeps its own count.

import SentinelCore

/// All votes that were told, and who led what.
struct VoteBook {
    private struct Ballot: Hashable {
        let group: MasterName
        let epoch: Epoch
    }
    private struct Voter: Hashable {
        let ballot: Ballot
        let voter: RunID
    }

    private var choices: [Voter: RunID] = [:]
    private var counts: [Ballot: [RunID: Int]] = [:]
    /// Who voted for whom, where the question may have meant another group as well.
    private var ambiguous: [Ballot: [RunID: Set<RunID>]] = [:]
    /// Who led what with votes that were meant for nothing else.
    private var leaders: [Ballot: RunID] = [:]
    let doubt: CloneDoubt
    /// Whether a question about an address may have been about another group's master: then nobody can tell, either.
    var isAmbiguous = false

    init(doubt: CloneDoubt) { self.doubt = doubt }

    private func isJudged(_ epoch: Epoch) -> Bool { !isAmbiguous && !doubt.covers(epoch) }

    /// `voter` tells somebody that it chose `vote.candidate`.
    mutating func told(_ vote: Vote, by voter: RunID, group: MasterName) throws(Violation) {
        let ballot = Ballot(group: group, epoch: vote.epoch)
        let key = Voter(ballot: ballot, voter: voter)
        if let earlier = choices[key] {
            guard earlier != vote.candidate, isJudged(vote.epoch) else { return }
            throw Violation(
                rule: .oneVotePerEpoch,
                text: "\(voter) voted for \(earlier) and for \(vote.candidate) in epoch \(vote.epoch) of \(group)")
        }
        choices[key] = vote.candidate
        counts[ballot, default: [:]][vote.candidate, default: 0] += 1
    }

    /// What `voter` tells may be meant for `group` too: its master has the address that was asked about.
    mutating func mayMean(_ vote: Vote, by voter: RunID, group: MasterName) {
        ambiguous[Ballot(group: group, epoch: vote.epoch), default: [:]][vote.candidate, default: []].insert(voter)
    }

    /// Votes told for `candidate`.
    func count(for candidate: RunID, in epoch: Epoch, group: MasterName) -> Int {
        counts[Ballot(group: group, epoch: epoch)]?[candidate] ?? 0
    }

    /// `leader` says that it was elected.
    ///
    /// - Parameter needed: Votes that win, by what the leader knows and the quorum that was configured.
    mutating func elected(_ leader: RunID, in epoch: Epoch, group: MasterName, needed: Int) throws(Violation) {
        guard isJudged(epoch) else { return }
        let ballot = Ballot(group: group, epoch: epoch)
        let certain = counts[ballot]?[leader] ?? 0
        let more = ambiguous[ballot]?[leader]?.filter { choices[Voter(ballot: ballot, voter: $0)] == nil }.count ?? 0
        let votes = certain + more
        guard votes >= needed else {
            throw Violation(
                rule: .leaderHasMajority,
                text: "\(leader) leads epoch \(epoch) of \(group) with \(votes) votes instead of \(needed)")
        }
        // Who is asked about an address that is another group's to him, and then about this group by another address,
        // has a vote for either; two may win so.
        guard certain >= needed else { return }
        if let other = leaders[ballot], other != leader {
            throw Violation(
                rule: .oneLeaderPerEpoch, text: "\(leader) and \(other) lead epoch \(epoch) of \(group)")
        }
        leaders[ballot] = leader
    }
}
