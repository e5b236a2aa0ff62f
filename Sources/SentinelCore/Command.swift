// SPDX-License-Identifier: Apache-2.0

/// A client's request that concerns the sentinel's state; its text is SentinelWire's.
///
/// - Source: spec/commands.md 6.
package enum Command: Sendable, Equatable {
    case masters
    case master(MasterName)
    case replicas(MasterName)
    case peers(MasterName)
    case masterAddress(MasterName)
    case isMasterDown(Endpoint, epoch: Epoch, candidate: RunID?)
    case myID
    case checkQuorum(MasterName)
    case failover(MasterName)
    /// The masters whose names matched the pattern.
    case reset([MasterName])
    /// The port as it was sent: a host that can't be used is told of first.
    case monitor(MasterName, host: String, port: Int, quorum: Int)
    case remove(MasterName)
    case set(MasterName, [OptionChange])
    case flushConfiguration
    case publishHello(Hello?)
    case summary
    case infoCache([MasterName])
    case timing
    /// Indirect, as all large cases are: every command and every input would be as large.
    indirect case setTiming(Timing)
    /// - Parameter listsKinds: Whether to answer with the kinds there are.
    case simulateFailure(Set<SimulatedFailure>, listsKinds: Bool)
    case pendingScripts
    /// Settings that are not those of one master, whose names match a glob.
    case configuration(patterns: [[UInt8]])
    case configure([SentinelOption])
}

/// One option of SENTINEL SET, checked, and how the event about it shows it.
package struct OptionChange: Sendable, Equatable {
    package let option: MasterOption
    /// The option's name as the client wrote it.
    package let name: String
    /// The words after it; never a secret.
    package let shown: String

    package init(_ option: MasterOption, name: String, shown: String) {
        self.option = option
        self.name = name
        self.shown = shown
    }
}

/// A setting that is not that of one master; see SENTINEL CONFIG.
package enum SentinelOption: Sendable, Equatable {
    case resolvesHostnames(Bool)
    case announcesHostnames(Bool)
    case announceHost(String?)
    case announcePort(UInt16)
    case sentinelUser(String?)
    case sentinelPassword(Secret?)
    case logThreshold(LogThreshold)
}

/// From which severity on the log is written.
package enum LogThreshold: String, Sendable, Hashable {
    case debug, verbose, notice, warning, nothing
}

/// What SENTINEL SET can change.
package enum MasterOption: Sendable, Equatable {
    case downAfter(Duration)
    case failoverTimeout(Duration)
    case masterRebootDownAfter(Duration)
    case parallelSyncs(Int)
    case quorum(Int)
    case notificationScript(String?)
    case clientReconfigScript(String?)
    case authUser(String?)
    case authPassword(Secret?)
    /// `nil` takes the mapping away.
    case renamedCommand(String, String?)
}

/// The answer to a `Command`.
package enum Response: Sendable, Equatable {
    case ok
    case instances([InstanceDescription])
    indirect case instance(InstanceDescription)
    case address(Endpoint?)
    case opinion(isDown: Bool, leader: RunID?, epoch: Epoch)
    case id(RunID)
    case quorum(QuorumReport)
    case count(Int)
    indirect case summary(Summary)
    case infoCache([CachedInfo])
    indirect case timing(Timing)
    case pendingScripts([PendingScript])
    /// The kinds of failure that can be simulated.
    case failureKinds
    case configuration([SentinelOption], patterns: [[UInt8]])
    case failed(Failure)

    package enum Failure: Sendable, Hashable {
        case unknownMaster
        case duplicateMaster
        case unresolvableHost
        /// Somebody is known by this name alone, so that names can't be done without.
        case nameInUse(String)
        case invalidPort
        case inProgress
        case noGoodReplica
        case notSaved
    }

    /// What CKQUORUM answers.
    package struct QuorumReport: Sendable, Hashable {
        package let usable: Int
        package let reachesQuorum: Bool
        package let reachesMajority: Bool
    }

    /// What INFO shows of the sentinel.
    package struct Summary: Sendable, Equatable {
        package struct Master: Sendable, Equatable {
            package let name: MasterName
            package let isSdown: Bool
            package let isOdown: Bool
            package let address: Endpoint
            package let replicas: Int
            package let sentinels: Int
        }

        package let masters: [Master]
        /// How long tilt has lasted, or `nil`.
        package let tiltFor: Duration?
        package let runningScripts: Int
        package let queuedScripts: Int
        package let simulatedFailures: Set<SimulatedFailure>
        package let counters: Counters
        package let isPersistenceFailing: Bool
    }

    package struct PendingScript: Sendable, Equatable {
        package enum State: Sendable, Equatable {
            case running(processID: Int32, for: Duration)
            case scheduled(in: Duration)
        }

        package let path: String
        package let call: ScriptCall
        package let state: State
        package let starts: Int
    }

    package struct CachedInfo: Sendable, Equatable {
        package let name: MasterName
        /// The master first, then its replicas: how old, and what it said.
        package let entries: [Entry]

        package struct Entry: Sendable, Equatable {
            package let age: Duration
            package let text: [UInt8]?
        }
    }
}

/// What is ignored without an answer is counted here.
package struct Counters: Sendable, Equatable {
    package var malformedHellos: UInt64 = 0
    package var foreignHellos: UInt64 = 0
    package var rejectedHellos: UInt64 = 0
    /// From somebody else who has our run ID.
    package var impostorHellos: UInt64 = 0
    package var malformedReplies: UInt64 = 0
    package var staleInputs: UInt64 = 0
    package var failedSaves: UInt64 = 0
    package var droppedScripts: UInt64 = 0
}

/// An instance as SENTINEL MASTERS, REPLICAS and SENTINELS show it.
///
/// - Source: spec/commands.md 7.
package struct InstanceDescription: Sendable, Equatable {
    package enum Flag: Sendable, Hashable {
        case sdown, odown, master, replica, sentinel, disconnected, masterDown, failoverInProgress, promoted
        case reconfSent, reconfInProgress, reconfDone, forcedFailover, scriptKillSent, masterReboot
    }

    package struct Info: Sendable, Equatable {
        /// Since the last INFO; `nil` if there was none.
        package let age: Duration?
        package let role: Role
        package let roleReportedFor: Duration
    }

    package struct MasterDetails: Sendable, Equatable {
        package let info: Info
        package let configEpoch: Epoch
        package let replicas: Int
        package let otherSentinels: Int
        package let quorum: Int
        package let failoverTimeout: Duration
        package let parallelSyncs: Int
        package let notificationScript: String?
        package let clientReconfigScript: String?
    }

    package struct ReplicaDetails: Sendable, Equatable {
        package let info: Info
        package let masterLinkDownFor: Duration
        package let isMasterLinkUp: Bool
        package let masterHost: String?
        package let masterPort: UInt16
        package let priority: Int
        package let offset: Int64
        package let isAnnounced: Bool
    }

    package struct PeerDetails: Sendable, Equatable {
        package let helloHeardAgo: Duration
        package let vote: Vote?
    }

    package enum Details: Sendable, Equatable {
        case master(MasterDetails)
        case replica(ReplicaDetails)
        case peer(PeerDetails)
    }

    package let name: String
    package let address: Endpoint
    package let runID: String
    package let flags: [Flag]
    package let pendingRequests: Int
    package let linkUsers: Int
    package let failoverStage: FailoverStage?
    package let pingUnansweredFor: Duration
    package let availableAgo: Duration
    package let answeredAgo: Duration
    package let sdownFor: Duration?
    package let odownFor: Duration?
    package let downAfter: Duration
    package let details: Details
}
