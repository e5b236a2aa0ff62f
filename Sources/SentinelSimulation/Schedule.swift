// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// What can go wrong in a schedule; each kind has its own rate.
package enum Fault: Int, Sendable, CaseIterable {
    case sentinelCrash, sentinelCrashAtEffect, sentinelPause, sentinelLongPause, clonedSentinel
    case clockAhead, clockBehind
    case nodeCrash, nodeRebornEmpty, nodePause, masterKill, masterIsolation, addressReused
    case partition, oneWayPartition, flappingPath, connectionReset, lostPacket, slowHost
    case diskFull, slowDisk, renameRefused, tornWrite
    case oldHello, repeatedRequest
    case operatorReset, operatorRemonitor, operatorSet, operatorFailover
    case nameTimeout, wrongName, changedName
}

/// What a world has throughout, where its seed says so.
package enum Trait: Int, Sendable, CaseIterable {
    /// Sentinels that start only some time into the faults, or in the middle of an election.
    case latecomers
    /// Some of the sentinels follow the original's rules and no others.
    case originals
    /// Scripts that are told of events, and fail and hang.
    case scripts
    /// Clients that ask and write.
    case clients
    /// Data nodes of which some speak RESP3; without it sentinels don't ask.
    case sharedConnections
    /// Hosts have names, which sentinels are configured with.
    case names
    /// The file of a sentinel can't be renamed over, as one that is mounted by itself, and is written in place.
    case mountedFiles
}

/// Everything about one run that is decided before it begins, drawn from its seed.
package struct Schedule: Sendable {
    let seed: UInt64
    let reduction: Reduction
    var sentinels: Int
    /// Nodes of each group, the first master included; none in a group that was left out.
    var groups: [Int]
    /// As they were drawn, before anything was left out: strikes choose among these.
    let drawnSentinels: Int
    let drawnGroups: [Int]
    var quorum: Int
    var downAfter: Duration
    var failoverTimeout: Duration
    var parallelSyncs: Int
    var tiltPeriod: Duration
    /// How long faults go on.
    var faultPhase: Duration
    /// Mean time between two faults of a kind, by `Fault.rawValue`; `nil` where a kind does not occur.
    var meanIntervals: [Duration?]
    var traits: Set<Trait>
    var latecomers: Int
    /// The first sentinels, so many, follow the original's rules.
    var originals: Int
    var names: NameUse
    /// Whether latecomers wait for an election to start in.
    var joinsElections: Bool
    /// One way, without disturbance.
    var latency: ClosedRange<Int>  // microseconds
    /// One write in normal times.
    var diskTime: ClosedRange<Int>  // microseconds

    init(seed: UInt64, reduction: Reduction = Reduction()) {
        var dice = Dice(seed: seed, stream: .schedule)
        self.seed = seed
        self.reduction = reduction
        let groupCount = dice.chance(0.02) ? dice.number(6...20) : dice.pick([1, 1, 1, 1, 1, 1, 2, 2, 3, 5])
        sentinels = groupCount > 5 ? 3 : dice.pick([3, 3, 3, 4, 5, 5, 7])
        drawnSentinels = sentinels
        groups = (0..<groupCount).map { _ in 1 + dice.number(1...(groupCount > 5 ? 1 : groupCount > 2 ? 2 : 5)) }
        drawnGroups = groups
        let majority = sentinels / 2 + 1
        // With less than a majority RESET and newcomers could elect two leaders, by the operators' fault.
        let isQuorumSmall = dice.chance(0.2)
        quorum = isQuorumSmall ? dice.number(1...majority) : dice.number(majority...min(sentinels, majority + 1))
        downAfter = .milliseconds(dice.pick([500, 1000, 1000, 2000, 5000]))
        failoverTimeout = .seconds(dice.pick([3, 6, 10, 20]))
        parallelSyncs = dice.pick([1, 1, 2, 5])
        tiltPeriod = .seconds(dice.pick([5, 5, 5, 30]))
        faultPhase = .seconds(dice.number(10...50))
        latency = dice.pick([100...400, 300...3000, 1000...20000])
        diskTime = dice.pick([50...300, 500...6000, 2000...40000])
        latecomers = isQuorumSmall || dice.chance(0.7) ? 0 : dice.number(1...(sentinels - majority))
        joinsElections = dice.chance(0.5)
        traits = [.clients, .latecomers]
        // From a stream of its own, so that what was drawn before there were names stays as it was.
        var dwelling = Dice(seed: seed, stream: .dwelling)
        let use: NameUse = dwelling.chance(0.25) ? dwelling.pick([.resolved, .announced, .announced]) : .none
        // A sentinel whose resolver is slow at its start knows no others, and with less than a majority need not.
        let names = isQuorumSmall ? .none : use
        self.names = names
        if names != .none { traits.insert(.names) }
        if dwelling.chance(0.15) { traits.insert(.mountedFiles) }
        originals = dice.chance(0.25) ? dice.number(1...(sentinels - 1) / 2) : 0
        // The original can resolve names too, while everything waits; here its kind has none.
        if names != .none { originals = 0 }
        if originals > 0 { traits.insert(.originals) }
        if dice.chance(0.2) { traits.insert(.scripts) }
        // From dice of its own: the rest stays what it is without it.
        var wiring = Dice(seed: seed, stream: .wiring)
        if wiring.chance(0.7) { traits.insert(.sharedConnections) }
        // Some schedules suffer from many things seldom, others from a few things often.
        let share = dice.pick([0.15, 0.3, 0.6, 1.0])
        let scale = dice.pick([4.0, 8, 15, 30]) * (share + 0.4)
        meanIntervals = Fault.allCases.map { fault in
            let occurs = dice.chance(fault == .masterKill ? max(share, 0.7) : share * fault.weight)
            let interval = Duration.milliseconds(Int(dice.number(500...2000)) * Int(scale))
            guard occurs, names != .none || !fault.isAboutNames else { return nil }
            if isQuorumSmall, fault == .operatorReset || fault == .operatorRemonitor { return nil }
            return interval
        }
        leaveOut()
    }

    package static func has(_ trait: Trait, seed: UInt64) -> Bool { Schedule(seed: seed).traits.contains(trait) }

    private mutating func leaveOut() {
        for fault in reduction.faults { meanIntervals[fault.rawValue] = nil }
        traits.subtract(reduction.traits)
        if !traits.contains(.names) {
            names = .none
            for fault in Fault.allCases where fault.isAboutNames { meanIntervals[fault.rawValue] = nil }
        }
        for index in groups.indices {
            groups[index] = reduction.groups.contains(index) ? 0 : min(groups[index], max(1, reduction.nodes ?? .max))
        }
        sentinels = min(sentinels, max(1, reduction.sentinels ?? .max))
        quorum = min(quorum, sentinels)
        originals = traits.contains(.originals) ? min(originals, sentinels) : 0
        latecomers = traits.contains(.latecomers) ? min(latecomers, sentinels - sentinels / 2 - 1) : 0
        faultPhase = reduction.faultMilliseconds.map { min(faultPhase, .milliseconds($0)) } ?? faultPhase
    }

    func occurs(_ fault: Fault) -> Bool { meanIntervals[fault.rawValue] != nil }

    /// By when everybody must agree once faults have stopped.
    ///
    /// An order on its way into the void (one failover timeout), the distance to the next attempt (two), that attempt
    /// and replicas that point elsewhere (one each) make five; then tilt, and INFO periods until it is seen.
    /// With names, those that were answered wrong have to be doubted.
    var convergenceBound: Duration {
        failoverTimeout * 6 + downAfter * 4 + .seconds(names == .none ? 120 : 180)
    }

    /// By when a master that dies among healthy sentinels is replaced everywhere.
    ///
    /// The original's kind is at the mercy of split votes, after which it waits.
    var failoverBound: Duration {
        originals == 0 ? downAfter + .seconds(5) : downAfter + failoverTimeout * 12 + .seconds(60)
    }

    package var text: String {
        let faults = Fault.allCases.compactMap { fault in
            meanIntervals[fault.rawValue].map { "\(fault) every \($0)" }
        }
        let traits = Trait.allCases.filter(traits.contains).map { "\($0)" }
        return """
            seed \(seed)\(reduction == Reduction() ? "" : " without \(reduction.text)"): \(sentinels) sentinels \
            (\(latecomers) late, \(originals) of the original's kind), quorum \(quorum), groups of \(groups), down-after \(downAfter), \
            failover-timeout \(failoverTimeout), parallel-syncs \(parallelSyncs), latency \(latency) µs, \
            disk \(diskTime) µs, with \(traits.joined(separator: ", "))\(names == .announced ? ", names announced" : ""); \
            faults for \(faultPhase): \(faults.joined(separator: ", "))
            """
    }
}

extension Fault {
    var isAboutNames: Bool { self == .nameTimeout || self == .wrongName || self == .changedName }

    /// How often it occurs beside the others: these bend the rules that can be checked, or are rare in life.
    fileprivate var weight: Double {
        switch self {
        case .clonedSentinel, .addressReused: 0.15
        case .clockAhead, .clockBehind, .tornWrite, .renameRefused: 0.5
        default: 1
        }
    }
}
