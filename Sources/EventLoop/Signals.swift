// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A signal as an event on the main queue, instead of what it does by default.
///
/// Until the source is registered, some instants after `init`, the signal still does what it did: on Linux Dispatch
/// installs a handler of its own then. Signals that come close together are one call.
package final class SignalSource {
    private let source: any DispatchSourceSignal

    package init(_ signal: Int32, _ received: @escaping () -> Void) {
        #if !os(Linux)
            System.ignoreSignal(signal)  // elsewhere Dispatch watches the signal but leaves its effect alone
        #endif
        source = DispatchSource.makeSignalSource(signal: signal, queue: .main)
        source.setEventHandler { received() }
        source.activate()
    }

    /// Ends the source's life; the signal is not given its default effect back.
    package func cancel() { source.cancel() }

    /// Makes writing to a closed pipe an error rather than the end of the process.
    package static func ignoreBrokenPipes() { System.ignoreSignal(SIGPIPE) }

    /// Lets SIGALRM pass, which would end the process otherwise.
    package static func ignoreAlarms() { System.ignoreSignal(SIGALRM) }
}
