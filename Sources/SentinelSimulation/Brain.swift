// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// What decides in a sentinel's process.
protocol Brain: AnyObject {
    /// When it wants to be woken.
    var nextDeadline: Instant? { get }
    /// What its file is to hold.
    var remembered: Settings { get }
    func handle(_ input: Input, at now: Instant) -> [Effect]
    /// How it sees a group, without leaving a trace of the question.
    func opinion(of name: MasterName, at now: Instant) -> (flags: [InstanceDescription.Flag], stage: FailoverStage?)?
}

/// The real core.
final class CoreBrain: Brain {
    private var core: Sentinel

    private(set) var nextDeadline: Instant?

    init(_ core: Sentinel) { self.core = core }

    var remembered: Settings { core.remembered }
    var timing: Timing { core.timing }

    func handle(_ input: Input, at now: Instant) -> [Effect] { handle(input, at: now, &core) }

    /// In place: asking a property of this class copies the whole core.
    private func handle(_ input: Input, at now: Instant, _ core: inout Sentinel) -> [Effect] {
        let effects = core.handle(input, at: now)
        nextDeadline = core.nextDeadline
        return effects
    }

    func opinion(of name: MasterName, at now: Instant) -> (flags: [InstanceDescription.Flag], stage: FailoverStage?)? {
        var copy = core
        for case .answer(_, .instance(let instance)) in copy.handle(.command(RequestID(0), .master(name)), at: now) {
            return (instance.flags, instance.failoverStage)
        }
        return nil
    }
}
