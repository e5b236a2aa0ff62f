// SPDX-License-Identifier: Apache-2.0

/// How an event names an instance.
package struct InstanceLabel: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case master, replica, sentinel
    }

    package let kind: Kind
    package let name: String
    package let address: Endpoint
    package let masterName: MasterName
    package let masterAddress: Endpoint

    package init(kind: Kind, name: String, address: Endpoint, masterName: MasterName, masterAddress: Endpoint) {
        self.kind = kind
        self.name = name
        self.address = address
        self.masterName = masterName
        self.masterAddress = masterAddress
    }
}

/// Something operators and clients are told; the wire text is SentinelWire's.
///
/// - Source: spec/monitoring.md 9, one case a row, steps of a failover in `FailoverStep`.
package enum Event: Sendable, Equatable {
    case monitored(InstanceLabel, quorum: Int)
    case unmonitored(InstanceLabel)
    /// The words after the option's name; never a secret.
    case optionSet(InstanceLabel, option: String, value: String)
    case masterReset(InstanceLabel)
    case replicaFound(InstanceLabel)
    case sentinelFound(InstanceLabel)
    case sentinelMoved(master: InstanceLabel, RunID, to: Endpoint)
    case sentinelMovedElsewhere(InstanceLabel, count: Int)
    case sentinelAddressTaken(InstanceLabel)
    case sdown(InstanceLabel)
    case sdownCleared(InstanceLabel)
    case odown(InstanceLabel, reports: Int, quorum: Int)
    case odownCleared(InstanceLabel)
    case epochRaised(Epoch, MasterName)
    case voted(Vote, MasterName)
    case failover(FailoverStep, InstanceLabel)
    case masterSwitched(MasterName, from: Endpoint, to: Endpoint)
    case configUpdated(from: InstanceLabel)
    case convertedToReplica(InstanceLabel)
    case replicaConfigFixed(InstanceLabel)
    case masterConfigFixed(InstanceLabel)
    case roleReported(InstanceLabel, Role, isExpected: Bool)
    case rebooted(InstanceLabel)
    case tiltEntered
    case tiltLeft
    /// What must be remembered is not on disk: from now on no vote is told, and commands that change it fail.
    case stateNotSaved
    case stateSavedAgain
    /// A connection broke or could not be made; for the log alone.
    case linkLost(InstanceLabel, Channel, reason: String)
    case scriptFailed(path: String, ScriptEnd)
    case scriptTimedOut(path: String, processID: Int32)

    /// What a failover does, as it is told.
    package enum FailoverStep: Sendable, Hashable, CaseIterable {
        case tried, elected, notElected
        case selectingReplica, noGoodReplica, selectedReplica
        case sendingPromotion, waitingForPromotion, promotionTimedOut, promoted
        case reconfiguringReplicas
        case reconfSent, reconfInProgress, reconfDone, reconfSentBestEffort, reconfTimedOut
        case endedForTimeout, ended
    }
}

/// How much something matters to whoever reads the log.
package enum Severity: Int, Sendable, Comparable {
    case debug, verbose, notice, warning
    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
}

extension Event {
    /// The level it is logged at; what is a warning and concerns a group runs the notification script too.
    ///
    /// - Source: spec/monitoring.md 9, the column "Level".
    package var severity: Severity {
        switch self {
        case .monitored, .unmonitored, .optionSet, .masterReset, .sdown, .sdownCleared, .odown, .odownCleared,
            .epochRaised, .voted, .masterSwitched, .configUpdated, .tiltEntered, .tiltLeft, .stateNotSaved,
            .stateSavedAgain, .scriptFailed, .scriptTimedOut:
            .warning
        case .failover(let step, _): step.severity
        case .replicaFound, .sentinelFound, .sentinelMoved, .sentinelMovedElsewhere, .sentinelAddressTaken,
            .convertedToReplica, .replicaConfigFixed, .masterConfigFixed, .rebooted:
            .notice
        case .roleReported: .verbose
        case .linkLost: .debug
        }
    }
}

extension Event {
    /// The group it is about, if it is about one.
    package var group: MasterName? {
        switch self {
        case .monitored(let subject, _), .unmonitored(let subject), .optionSet(let subject, _, _),
            .masterReset(let subject), .replicaFound(let subject), .sentinelFound(let subject),
            .sentinelMoved(let subject, _, _), .sentinelMovedElsewhere(let subject, _),
            .sentinelAddressTaken(let subject), .sdown(let subject), .sdownCleared(let subject),
            .odown(let subject, _, _), .odownCleared(let subject), .failover(_, let subject),
            .configUpdated(let subject), .convertedToReplica(let subject), .replicaConfigFixed(let subject),
            .masterConfigFixed(let subject), .roleReported(let subject, _, _), .rebooted(let subject),
            .linkLost(let subject, _, _):
            subject.masterName
        case .epochRaised(_, let name), .voted(_, let name), .masterSwitched(let name, _, _): name
        case .tiltEntered, .tiltLeft, .stateNotSaved, .stateSavedAgain, .scriptFailed, .scriptTimedOut: nil
        }
    }
}

extension Event.FailoverStep {
    var severity: Severity {
        switch self {
        case .tried, .elected, .notElected, .selectingReplica, .noGoodReplica, .selectedReplica, .promotionTimedOut,
            .promoted, .reconfiguringReplicas, .endedForTimeout, .ended:
            .warning
        case .sendingPromotion, .waitingForPromotion, .reconfSent, .reconfInProgress, .reconfDone,
            .reconfSentBestEffort, .reconfTimedOut:
            .notice
        }
    }
}
