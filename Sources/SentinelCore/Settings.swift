// SPDX-License-Identifier: Apache-2.0

/// All that a sentinel is told and all that it must remember: what the configuration file holds for the core.
///
/// The same type goes both ways: read from the file at start, and written back by `Sentinel.remembered` whenever
/// something in it changed. What is in it survives a restart; what is not, does not.
/// - Source: spec/config-and-process.md 2.
package struct Settings: Sendable, Equatable {
    /// This sentinel's identity, or `nil` in a file that never had one.
    package var myID: RunID?
    package var currentEpoch = Epoch.zero
    /// The host told to the others instead of the local end of the link; `nil` when unset.
    package var announceHost: String?
    /// The port told to the others; 0 when unset. 0...65535.
    package var announcePort: UInt16 = 0
    package var resolvesHostnames = false
    package var announcesHostnames = false
    /// Whether hellos always come in on connections of their own, also where one connection could carry all.
    package var separatesSubscriptions = false
    package var sentinelUser: String?
    package var sentinelPassword: Secret?
    package var deniesScriptReconfiguration = true
    /// In the order of the file.
    package var masters: [MasterSettings] = []

    package init() {}
}

/// What is told and remembered of one group.
package struct MasterSettings: Sendable, Equatable {
    package var name: MasterName
    package var address: Endpoint
    /// Sentinels that must agree before the master is objectively down; at least 1.
    package var quorum: Int
    package var downAfter: Duration = .seconds(30)
    package var failoverTimeout: Duration = .seconds(180)
    /// Replicas reconfigured at the same time after a failover; 0 reconfigures none.
    package var parallelSyncs = 1
    package var notificationScript: String?
    package var clientReconfigScript: String?
    package var authUser: String?
    package var authPassword: Secret?
    /// Time after which a restarted master that is still not `PONG`ing counts as down; zero switches it off.
    package var masterRebootDownAfter: Duration = .zero
    package var configEpoch = Epoch.zero
    /// The epoch of the last vote cast for this group.
    package var leaderEpoch = Epoch.zero
    package var knownReplicas: [Endpoint] = []
    package var knownSentinels: [KnownSentinel] = []
    package var renamedCommands: [RenamedCommand] = []

    package init(name: MasterName, address: Endpoint, quorum: Int) {
        self.name = name
        self.address = address
        self.quorum = quorum
    }
}

/// Another sentinel of a group, as the file remembers it.
package struct KnownSentinel: Sendable, Hashable {
    package var address: Endpoint
    package var runID: RunID

    package init(address: Endpoint, runID: RunID) {
        self.address = address
        self.runID = runID
    }
}

/// A command that the data nodes of a group know under another name.
package struct RenamedCommand: Sendable, Hashable {
    package var command: String
    package var name: String

    package init(command: String, name: String) {
        self.command = command
        self.name = name
    }
}
