// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// Whoever started this process and wants to know how it is: systemd, upstart or nobody.
///
/// - Source: spec/config-and-process.md 7; sd_notify(3) and sd_watchdog_enabled(3) for the messages. The process's
///   number and the watchdog are ours, the original sends neither.
final class ServiceManager {
    private enum Kind {
        case none
        case upstart
        /// Its socket; `nil` when it has not told of one that can be used.
        case systemd(DatagramSender?)
    }

    private var kind: Kind
    private let wanted: Supervision
    private let log: Logger
    /// Nanoseconds between two signs of life; `nil` when none are wanted.
    private let watchdogPeriod: UInt64?
    private var watchdog: DeadlineTimer?
    /// Whether the last sign of life did not get there.
    private var isUnseen = false
    private static let repetitionNanoseconds: UInt64 = 100_000_000

    /// Finds out who it is.
    ///
    /// Takes what it was told out of the environment, so that scripts don't take it for meant for them.
    init(_ wanted: Supervision, log: Logger) {
        self.log = log
        self.wanted = wanted
        let socket = ProcessFacts.environment("NOTIFY_SOCKET")
        let hasJob = ProcessFacts.environment("UPSTART_JOB") != nil
        kind =
            switch wanted {
            case .no: .none
            case .upstart: hasJob ? .upstart : .none
            case .systemd: .systemd(socket.flatMap(Self.sender))
            case .auto: hasJob ? .upstart : socket == nil ? .none : .systemd(socket.flatMap(Self.sender))
            }
        isMissing = wanted == .systemd && socket == nil || wanted == .upstart && !hasJob
        watchdogPeriod = Self.watchdogPeriod()
        if case .none = kind { return }
        for name in ["NOTIFY_SOCKET", "UPSTART_JOB", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            ProcessFacts.removeFromEnvironment(name)
        }
    }

    /// Whether the one that was asked for is not there.
    private let isMissing: Bool
    /// Whether the first message got there.
    private var hasBegun = false

    /// As INFO calls it.
    var name: String {
        switch kind {
        case .systemd where hasBegun: "systemd"
        case .upstart: "upstart"
        case .none, .systemd: "no"
        }
    }

    /// Whether it wants the process to stay in the foreground; known after `starting`.
    var forbidsBackground: Bool { name != "no" }

    /// The configuration is read; from now on it hears of us, unless it can't be reached and nobody said that it is
    /// there.
    ///
    /// Needs nothing of Dispatch.
    func starting() {
        switch kind {
        case .none: if isMissing { log.write(.warning, "upstart supervision requested, but UPSTART_JOB not found!") }
        case .upstart: log.write(.notice, "supervised by upstart, will stop to signal readiness.")
        case .systemd:
            hasBegun = send("STATUS=Redis is loading...\n")
            guard hasBegun else {
                if wanted == .auto { kind = .none }
                return
            }
            log.write(
                .notice,
                "Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and "
                    + "TimeoutStopSec in your service unit.")
        }
    }

    /// Clients can connect.
    func ready() {
        switch kind {
        case .none: break
        case .upstart: ProcessFacts.stop()
        case .systemd:
            send("STATUS=Ready to accept connections\n")
            send("READY=1\nMAINPID=\(ProcessFacts.id)\n")
            guard watchdogPeriod != nil else { return }
            watchdog = DeadlineTimer { [unowned self] in self.showLife() }
            showLife()
        }
    }

    /// The process is about to end.
    func stopping() {
        if case .systemd = kind { send("STOPPING=1\n") }
    }

    /// Tells that the main queue still turns. It would not while it waits for somebody who is behind, so this is tried
    /// again instead.
    private func showLife() {
        guard let watchdogPeriod else { return }
        isUnseen = !send("WATCHDOG=1\n", isUrgent: true, isRepetition: isUnseen)
        watchdog?.schedule(
            at: MonotonicClock.now + (isUnseen ? min(watchdogPeriod, Self.repetitionNanoseconds) : watchdogPeriod))
    }

    /// - Parameters:
    ///   - isUrgent: Whether nothing may wait for it.
    ///   - isRepetition: Whether a failure was told of already.
    @discardableResult
    private func send(_ text: String, isUrgent: Bool = false, isRepetition: Bool = false) -> Bool {
        guard case .systemd(let sender) = kind else { return false }
        guard !isMissing else {
            if !isRepetition { log.write(.warning, "systemd supervision error: NOTIFY_SOCKET not found!") }
            return false
        }
        do throws(SystemError) {
            guard let sender else { throw SystemError.notAnAddress }
            try sender.send(text, isUrgent: isUrgent)
            return true
        } catch {
            if !isRepetition { log.write(.warning, "systemd supervision error: sd_notify: \(error.message)") }
            return false
        }
    }

    /// - Parameter name: An absolute path, or `@` and an abstract name.
    private static func sender(_ name: String) -> DatagramSender? {
        let address: SocketAddress? =
            switch name.first {
            case "/": SocketAddress(unixPath: name)
            case "@": SocketAddress(abstractName: String(name.dropFirst()))
            default: nil
            }
        return address.map { DatagramSender(to: $0, patienceMilliseconds: 1000) }
    }

    /// Half of the time after which the process counts as hung, as the manual advises.
    private static func watchdogPeriod() -> UInt64? {
        guard let microseconds = ProcessFacts.environment("WATCHDOG_USEC").flatMap(UInt64.init), microseconds > 0,
            microseconds < 1_000_000_000_000
        else { return nil }
        if let process = ProcessFacts.environment("WATCHDOG_PID"), process != "\(ProcessFacts.id)" { return nil }
        return microseconds * 500
    }
}
