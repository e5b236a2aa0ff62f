// SPDX-License-Identifier: Apache-2.0

import CSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// SIGTERM, SIGINT and SIGHUP as events on the main queue, and a way out should that queue hang: a SIGINT after SIGTERM
/// or SIGINT ends the process at once, with code 1.
///
/// A handler of our own, and not a source of Dispatch: until such a source is registered, some instants after it was
/// made, the signal would still end the process.
package final class TerminationSignals: PollerClient {
    package enum Signal: Hashable, Sendable { case terminate, interrupt, hangUp }

    private let descriptor: Descriptor
    private var received: (Signal) -> Void = { _ in }

    /// Catches the signals from now on; needs nothing of Dispatch yet. Once in a process.
    ///
    /// - Parameter logFile: Where the end at once is told; empty for standard output.
    /// - Throws: Why there can be no pipe for them.
    package init(logFile: String) throws(SystemError) {
        descriptor = Descriptor(try System.retrying("pipe") { catch_termination(logFile) })
    }

    /// Hands each signal on from now on, those caught before as well.
    ///
    /// - Throws: Why the poller does not take the pipe.
    package func deliver(to received: @escaping (Signal) -> Void) throws(SystemError) {
        self.received = received
        try Poller.main.add(descriptor, interest: .readable, client: self)
    }

    func descriptorIsReady(_ readiness: Readiness) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while case .bytes = try? System.readSome(descriptor, into: &bytes) {}
        for (number, signal) in [(SIGHUP, Signal.hangUp), (SIGTERM, .terminate), (SIGINT, .interrupt)]
        where take_signal(number) != 0 {
            received(signal)
        }
    }
}
