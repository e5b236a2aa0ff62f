// SPDX-License-Identifier: Apache-2.0

/// A vote: who was chosen, and in which epoch.
package struct Vote: Hashable, Sendable {
    package let candidate: RunID
    package let epoch: Epoch

    package init(candidate: RunID, epoch: Epoch) {
        self.candidate = candidate
        self.epoch = epoch
    }
}

/// Another sentinel that watches the same master.
struct Peer: Sendable {
    let runID: RunID
    var presence: Presence
    var helloHeardAt: Instant
    /// Whether another sentinel was heard at its address since.
    var isUsurped = false
    /// Since when its hellos have named another address in our config epoch.
    var contradictsSince: Instant?
    /// Whether its last answer held the master down.
    var reportsMasterDown = false
    /// The vote it told us of, or `nil`.
    var vote: Vote?
    var opinionAt: Instant?
    /// A question whose answer is owed.
    var askedAt: Instant?
    var askDueAt: Instant?
    /// The epoch in which it did not want to vote, or could not, when it was last asked.
    var refusedVoteIn: Epoch?
    var askPause: Duration

    init(runID: RunID, presence: Presence, askPause: Duration, at now: Instant) {
        self.runID = runID
        self.presence = presence
        self.askPause = askPause
        helloHeardAt = now
    }
}
