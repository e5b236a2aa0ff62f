// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore

/// A sentinel's process: the real core, its disk, and what a simulated operating system keeps for it.
final class SentinelProcess {
    /// Who waits for an answer.
    enum Requester {
        /// At this place of the wire's replies.
        case peer(Wire, place: Int, Question)
        case client(Client)
        case operate
        /// An operator who will configure the group that is monitored then.
        case configure(MasterName)
    }

    /// What another sentinel wants to know.
    struct Question {
        let command: Command
        let askedAt: Instant
        /// The group that it is about, as this sentinel saw it then.
        let group: MasterName?
    }

    /// What came in while the process stood still.
    enum Work {
        case input(Input)
        case request(Wire, Request)
    }

    /// Where an operator of chaos has the process die.
    struct Ambush {
        var effectsLeft: Int
        let isBefore: Bool
    }

    /// A failover this sentinel leads or wants to.
    struct Attempt {
        let epoch: Epoch
        let isForced: Bool
        var isElected = false
        var isOrdered = false
    }

    let host: Int
    let number: Int
    let runID: RunID
    let endpoint: Endpoint
    /// Whether it follows the original's rules.
    let isOriginal: Bool
    /// What the file said besides what the core remembers.
    let configuration: Configuration
    /// `nil` while the process is not there.
    var brain: (any Brain)?
    var disk: Disk
    /// Raised at every start, so that what belongs to an earlier life is recognised.
    var life = 0
    var bootedAt = Instant.start
    var isUnplugged = false
    var isPaused = false
    var inbox: [Work] = []
    var wires: [ConnectionID: Wire] = [:]
    /// Where the next wake-up is entered for.
    var wakeAt: Instant?
    var ambush: Ambush?
    /// The last of its hellos that somebody read.
    var understoodHello: Hello?
    /// How far its clock has jumped.
    var clockOffset = Duration.zero
    /// All jumps, in their order.
    private(set) var clockJumps: [(at: Instant, by: Duration)] = []
    /// Whether its last write failed.
    var isDiskRefusing = false
    /// Whether it dies in the middle of the next write.
    var diesInWrite = false
    var runningScripts: Set<ScriptID> = []
    var requests: [RequestID: Requester] = [:]
    private var requestsMade: UInt64 = 0

    // What the checkers are told.
    /// What it had to remember when that last changed.
    var remembered = Settings()
    var attempts: [MasterName: Attempt] = [:]
    /// When it took the config epochs that it has.
    var configEpochTakenAt: [MasterName: Instant] = [:]
    var lastRaisedEpoch = Epoch.zero
    /// The groups of the votes that it says it gave: a question names an address, which may lead astray where names do.
    var votedIn: [Vote: MasterName] = [:]
    /// Replicas that it has heard of in this life; where names are, what was heard of last is not remembered yet.
    var listed: [MasterName: Set<Endpoint>] = [:]
    var forcedNext: MasterName?
    /// Groups that an operator removed once.
    var renewedGroups: Set<MasterName> = []
    /// What it has removed before it held what it remembers.
    var removals: EpochBook.Removals = [:]
    var startedAt = Instant.start
    var isTilted = false
    /// By its own clock: when its last input came in.
    var heardAt = Instant.start
    /// By its own clock: until when it can't trust what it measured, for its loop was held up.
    var untrustedUntil: Instant?
    /// When that was found; what it said before may still be on its way.
    var untrustedSince = Instant.start
    /// Since when it holds masters down, by its own clock.
    var downSince: [MasterName: Instant] = [:]
    /// Since when masters say that they are replicas, by its own clock.
    var replicaSince: [MasterName: Instant] = [:]
    /// When the last INFO that it has of a host was true: one may be long under way.
    var infoMadeAt: [Int: Instant] = [:]
    var pace = Pace()

    init(
        host: Int, number: Int, runID: RunID, endpoint: Endpoint, isOriginal: Bool, configuration: Configuration
    ) {
        self.isOriginal = isOriginal
        self.host = host
        self.number = number
        self.runID = runID
        self.endpoint = endpoint
        self.configuration = configuration
        disk = Disk(configuration)
    }

    var isRunning: Bool { brain != nil }
    var name: String { "s\(number)" }

    func localTime(_ now: Instant) -> Instant { Instant(sinceStart: now - bootedAt) + clockOffset }
    /// When its clock will show `local`.
    func worldTime(_ local: Duration) -> Instant { bootedAt + local - clockOffset }

    func jump(by duration: Duration, at now: Instant) {
        clockOffset += duration
        clockJumps.append((now, duration))
    }

    /// How far its clock was put back since then.
    func setback(since start: Instant) -> Duration {
        clockJumps.reduce(.zero) { $1.at >= start && $1.by < .zero ? $0 - $1.by : $0 }
    }

    func makeRequest(_ requester: Requester) -> RequestID {
        requestsMade += 1
        let id = RequestID(requestsMade)
        requests[id] = requester
        return id
    }

    func settings(of name: MasterName) -> MasterSettings? { remembered.masters.first { $0.name == name } }
}
