// SPDX-License-Identifier: Apache-2.0

/// A state of what must survive a restart; a later one includes all earlier ones.
package struct Generation: Hashable, Sendable, Comparable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
    package static let zero = Generation(0)
    package static func < (left: Generation, right: Generation) -> Bool { left.number < right.number }
}

/// Names a client's request until it is answered.
package struct RequestID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// What a sentinel asks of another process.
package enum Request: Sendable, Equatable {
    case authenticate(user: String?, password: Secret)
    /// CLIENT SETNAME, so that an operator sees who is connected.
    case introduce(RunID, Channel)
    case ping
    case info
    case hello(Hello)
    /// SENTINEL IS-MASTER-DOWN-BY-ADDR; with a candidate it asks for a vote as well.
    case isMasterDown(Endpoint, epoch: Epoch, candidate: RunID?)
    /// Makes a node follow another one, or nobody: in a transaction that also has it remember that and drop its
    /// clients, or, where that was refused, by the bare order.
    case replicate(Endpoint?, isBare: Bool)
    case scriptKill
    /// HELLO 3: from its answer on the connection may carry messages among its replies.
    case speakRESP3
    case subscribeToHellos
}

/// A line of the log that is no event.
package enum LogLine: Sendable, Equatable {
    case sentinelID(RunID)
    case userRequestedFailover(MasterName)
    case voted(peer: RunID, Vote)
    /// Carries how far ahead the next attempt is; the shell knows the time of day.
    case nextFailoverDelay(Duration)
    case unresolvedHost(String)
    case simulatedCrash(SimulatedFailure)
    case orderRefused(InstanceLabel)
    /// An instance lets nobody in, or not us; told once until it does.
    case accessRefused(InstanceLabel, AccessProblem)
    /// Another sentinel has our run ID.
    case identityTaken(Endpoint)
    case scriptStarted(processID: Int32)
    case scriptEnded(processID: Int32, ScriptEnd)
    case scriptDropped(String)
}

/// Why an instance does not answer us, as far as that shows.
///
/// - Source: spec/defects.md 37; with the original it only looks down.
package enum AccessProblem: Sendable, Hashable {
    /// It wants a password, and none is configured.
    case passwordMissing
    case passwordWrong
    /// The user may not do what a sentinel does.
    case permissionMissing
}

/// Everything a sentinel can want from the world. Performed in the order given.
package enum Effect: Sendable, Equatable {
    case connect(ConnectionID, Channel, to: Endpoint)
    case disconnect(ConnectionID)
    case send(ConnectionID, Request, renamed: [RenamedCommand])
    case answer(RequestID, Response)
    /// Save `Sentinel.remembered`, then say `.persisted`; more changes may ride along.
    case persist(Generation)
    indirect case emit(Event)
    case log(LogLine)
    /// Find the numeric address of a name, then say `.resolved`.
    case resolve(String)
    case setLogThreshold(LogThreshold)
    /// Start a script, then say `.scriptStarted` and in the end, or if that fails, `.scriptEnded`.
    case runScript(ScriptID, path: String, ScriptCall)
    /// End a script and all it has started.
    case killScript(ScriptID)
    /// End the process as if it had crashed.
    case crash(SimulatedFailure)
}

/// Points at which an operator can have the sentinel crash, to see what the others do.
///
/// - Source: spec/commands.md 6.15.
package enum SimulatedFailure: Int, Sendable, CaseIterable {
    case afterElection = 1
    case afterPromotion = 2
}
