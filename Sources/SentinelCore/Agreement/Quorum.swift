// SPDX-License-Identifier: Apache-2.0

/// The arithmetic of an election.
///
/// - Source: spec/monitoring.md 5.4.
enum Quorum {
    /// Votes that win: a majority of all known sentinels, reachable or not, and the quorum.
    static func needed(voters: Int, quorum: Int) -> Int { max(voters / 2 + 1, quorum) }

    /// How an election stands for one candidate.
    enum Verdict: Sendable, Hashable {
        case pending
        case won
        /// Somebody else has won.
        case lost
        /// Somebody else has won if he is still there, which is not known.
        case lostUnheard
        /// Nobody can win any more.
        case split
    }

    /// Counts votes.
    ///
    /// - Parameters:
    ///   - votes: How many each candidate has.
    ///   - open: Voters that can still be heard.
    static func verdict(for candidate: RunID, votes: [(RunID, Int)], open: Int, needed: Int) -> Verdict {
        let own = votes.first { $0.0 == candidate }?.1 ?? 0
        if own >= needed { return .won }
        let best = votes.map(\.1).max() ?? 0
        if best >= needed { return .lost }
        return best + open >= needed ? .pending : .split
    }
}
