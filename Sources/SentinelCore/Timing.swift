// SPDX-License-Identifier: Apache-2.0

/// Every period of the algorithm in one place; `SENTINEL DEBUG` changes most of them.
///
/// - Source: spec/monitoring.md 1. The last group is ours (design.md 4).
package struct Timing: Sendable, Equatable {
    /// Spacing of INFO to a data node while nothing happens.
    package var infoPeriod: Duration = .seconds(10)
    /// Spacing of PING; least spacing of two attempts to connect.
    package var pingPeriod: Duration = .seconds(1)
    /// Spacing of questions to a peer; five of them without an answer expire its opinion.
    package var askPeriod: Duration = .seconds(1)
    /// Spacing of hellos; three without any message recycle the subscription; four are waited before a replica that
    /// says it is a master is demoted.
    package var publishPeriod: Duration = .seconds(2)
    /// What a new master starts with.
    package var defaultDownAfter: Duration = .seconds(30)
    package var defaultFailoverTimeout: Duration = .seconds(180)
    /// A loop held up longer than this can't trust what it measured.
    package var tiltTrigger: Duration = .seconds(2)
    package var tiltPeriod: Duration = .seconds(30)
    /// How long a replica may take to begin following the promoted one.
    package var replicaReconfTimeout: Duration = .seconds(10)
    /// A younger connection is never recycled for silence.
    package var minLinkReconnectPeriod: Duration = .seconds(15)
    package var electionTimeout: Duration = .seconds(10)
    package var scriptMaxRuntime: Duration = .seconds(60)
    package var scriptRetryDelay: Duration = .seconds(30)
    /// INFO spacing to replicas while their master is down or being replaced; not adjustable.
    package var fastInfoPeriod: Duration = .seconds(1)

    /// A loop that is later than this hears everything that has arrived before it judges who is silent.
    package var toleratedDelay: Duration = .milliseconds(10)
    /// Least distance between two ranks of candidates: time for the better one to be heard.
    package var candidacyStagger: Duration = .milliseconds(30)
    /// The most it becomes where saving takes long.
    package var longestCandidacyStagger: Duration = .milliseconds(300)
    /// First pause before asking a peer again that did not see the master down; doubles up to `askPeriod`.
    package var firstAskPause: Duration = .milliseconds(5)
    /// First pause before asking a replica again whether it took its new role; doubles up to `fastInfoPeriod`.
    package var firstInfoPause: Duration = .milliseconds(5)
    /// How long the choice of a replica waits for an INFO newer than the master's failure.
    package var freshInfoWait: Duration = .milliseconds(250)
    /// How long a link goes without HELLO after connections that ended instead of answering it.
    package var protocolRetryPeriod: Duration = .seconds(60)
    /// How soon a state that could not be saved is tried again; doubles up to the longest. A change of state is tried
    /// at once all the same.
    package var persistRetryPeriod: Duration = .seconds(1)
    package var longestPersistRetryPeriod: Duration = .seconds(30)

    package init() {}

    /// Commands that may be under way on a link before INFO, hellos and all but the first PING without an answer are held
    /// back, for each user of the link.
    static let pendingLimit = 100
}
