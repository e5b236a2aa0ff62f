// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// What the operator's signals do.
///
/// SIGTERM and SIGINT end the process in order, a SIGINT after one of them at once. SIGHUP ends nothing, not even with
/// the terminal gone. SIGALRM is ignored, SIGPIPE by the event loop; the others keep their default effect.
/// - Source: spec/config-and-process.md 7.
final class ProcessSignals {
    private let signals: TerminationSignals
    /// What the first process of a container has to do for what scripts leave running.
    private var reaper: OrphanReaper?

    /// From now on no signal ends the process but in order; see `TerminationSignals`.
    init(logFile: String) throws(SystemError) {
        SignalSource.ignoreAlarms()
        signals = try TerminationSignals(logFile: logFile)
    }

    /// - Parameter reload: SIGHUP; the place for what is to be read again while running.
    func obey(log: Logger, shutDown: @escaping () -> Void, reload: @escaping () -> Void) throws(SystemError) {
        if ProcessFacts.id == 1 { reaper = OrphanReaper() }
        try signals.deliver { signal in
            switch signal {
            case .hangUp: return reload()
            case .terminate: log.writeFromSignal("Received SIGTERM scheduling shutdown...")
            case .interrupt: log.writeFromSignal("Received SIGINT scheduling shutdown...")
            }
            shutDown()
        }
    }
}
