// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// What can go wrong in a schedule; each kind has its own rate.
package enum Fault: Int, Sendable, CaseIterable {
    case sentinelCrash, sentinelCrashAtEffect, sentinelPause, sentinelLongPause
    case nodeCrash, nodeRebornEmpty, nodePause, masterKill, masterIsolation
    case partition, oneWayPartition, connectionReset, lostPacket, slowHost
    case diskFull, slowDisk
    case oldHello
    case operatorReset, operatorRemonitor, operatorSet, operatorFailover
}

/// Everything about one run that is decided before it begins, drawn from its seed.
package struct Schedule: Sendable {
    let seed: UInt64
    var sentinels: Int
    /// Nodes of each group, the first master included.
    var groups: [Int]
    var quorum: Int
    var downAfter: Duration
    var failoverTimeout: Duration
    var parallelSyncs: Int
    var tiltPeriod: Duration
    /// How long faults go on.
    var faultPhase: Duration
    /// Mean time between two faults of a kind, by `Fault.rawValue`; `nil` where a kind does not occur.
    var meanIntervals: [Duration?]
    /// Sentinels that start only some time into the faults.
    var latecomers: Int
    /// One way, without disturbance.
    var latency: ClosedRange<Int>  // microseconds
    /// One write in normal times.
    var diskTime: ClosedRange<Int>  // microseconds
    var clientsPerGroup: Int

    /// Draws a schedule; the generator goes on to be the run's own.
    init(seed: UInt64, using dice: inout Dice) {
        self.seed = seed
        sentinels = dice.pick([3, 3, 3, 4, 5, 5, 7])
        let groupCount = dice.pick([1, 1, 1, 1, 1, 1, 2, 2, 3, 5])
        groups = (0..<groupCount).map { _ in 1 + dice.number(1...(groupCount > 2 ? 2 : 5)) }
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
        clientsPerGroup = 1
        latecomers = isQuorumSmall || dice.chance(0.7) ? 0 : dice.number(1...(sentinels - majority))
        // Some schedules suffer from many things seldom, others from a few things often.
        let share = dice.pick([0.15, 0.3, 0.6, 1.0])
        let scale = dice.pick([4.0, 8, 15, 30]) * (share + 0.4)
        meanIntervals = Fault.allCases.map { fault in
            guard dice.chance(fault == .masterKill ? max(share, 0.7) : share) else { return nil }
            if isQuorumSmall, fault == .operatorReset || fault == .operatorRemonitor { return nil }
            return .milliseconds(Int(dice.number(500...2000)) * Int(scale))
        }
    }

    /// By when everybody must agree once faults have stopped.
    ///
    /// An order on its way into the void (one failover timeout), the distance to the next attempt (two), that attempt
    /// and replicas that point elsewhere (one each) make five; then tilt, and INFO periods until it is seen.
    var convergenceBound: Duration { failoverTimeout * 6 + downAfter * 4 + .seconds(120) }

    /// By when a master that dies among healthy sentinels is replaced everywhere.
    var failoverBound: Duration { downAfter + .seconds(5) }

    package var text: String {
        let faults = Fault.allCases.compactMap { fault in
            meanIntervals[fault.rawValue].map { "\(fault) every \($0)" }
        }
        return """
            seed \(seed): \(sentinels) sentinels (\(latecomers) late), quorum \(quorum), groups of \(groups), \
            down-after \(downAfter), failover-timeout \(failoverTimeout), parallel-syncs \(parallelSyncs), \
            latency \(latency) µs, disk \(diskTime) µs, faults for \(faultPhase): \(faults.joined(separator: ", "))
            """
    }
}
