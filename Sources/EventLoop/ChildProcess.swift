// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A program run beside this one, in a process group of its own.
///
/// Its end is noticed by a pidfd in the epoll set, for Dispatch has no process source on Linux. Where there is none
/// (Linux before 5.3, some sandboxes, Darwin), a thread waits for it. Either way only this child is asked for, so
/// nobody else's children are touched, and its number stays taken until the main queue reaps it.
package final class ChildProcess: PollerClient {
    /// The process's number, and its group's.
    package let processID: Int32
    /// How it ended; `nil` while it runs.
    package private(set) var exitStatus: ProcessExit?

    /// Those that have not been reaped.
    private static var running: Set<Int32> = []
    /// Whether a process may have been started here and will be reaped here then.
    static func mayBeRunning(_ process: Int32) -> Bool { ChildStart.isUnderWay || running.contains(process) }

    /// Bytes of output that were to be passed on and that our own output did not take.
    package static var droppedOutputBytes: Int { ChildOutput.droppedBytes }

    private let poller: Poller
    private let exited: (ProcessExit) -> Void
    /// Becomes readable when the process ends; `nil` when a thread waits instead.
    private var watch: Descriptor?

    /// Starts the program at `path`, which is not searched for.
    ///
    /// - Parameter arguments: What follows the program's name.
    /// - Parameter environment: Added to this process's own, in place of variables of the same name.
    /// - Parameter outputLimit: Bytes of its output and of its errors that are passed on to ours; without one they are
    ///   ours.
    /// - Parameter exited: Called once, on the main queue, never from within `init`. Members of its group may live on.
    /// - Throws: Why it could not be started, such as a file that is missing or cannot be executed.
    package convenience init(
        path: String, arguments: [String], environment: [String: String] = [:], outputLimit: Int? = nil,
        poller: Poller = .main, exited: @escaping (ProcessExit) -> Void
    ) throws(SystemError) {
        try self.init(
            path: path, arguments: arguments, environment: environment, outputLimit: outputLimit, poller: poller,
            onThread: false, exited: exited)
    }

    /// - Parameter onThread: Whether a thread waits even where a pidfd would do.
    init(
        path: String, arguments: [String], environment: [String: String], outputLimit: Int? = nil, poller: Poller,
        onThread: Bool, exited: @escaping (ProcessExit) -> Void
    ) throws(SystemError) {
        self.poller = poller
        self.exited = exited
        let program = try Program(path, arguments, environment, outputLimit, poller)
        defer { program.closeOutputs() }
        processID = try program.spawn()
        watchOver(onThread: onThread)
    }

    /// Takes over a process that has been started.
    init(_ processID: Int32, poller: Poller, exited: @escaping (ProcessExit) -> Void) {
        self.poller = poller
        self.exited = exited
        self.processID = processID
        watchOver(onThread: false)
    }

    private func watchOver(onThread: Bool) {
        Self.running.insert(processID)
        if onThread || !watchByDescriptor() { waitOnThread() }
    }

    /// Sends `signal` to the process and all it has started that stayed in its group; nothing once it has ended.
    package func killGroup(_ signal: Int32) {
        guard exitStatus == nil else { return }
        System.signalGroup(processID, signal)
    }

    func descriptorIsReady(_ readiness: Readiness) { reap() }

    /// Whether there is a pidfd and it is being watched.
    private func watchByDescriptor() -> Bool {
        #if os(Linux)
            guard let descriptor = try? System.processDescriptor(processID) else { return false }
            do throws(SystemError) {
                try poller.add(descriptor, interest: .readable, client: self)
            } catch {
                System.close(descriptor)
                return false
            }
            watch = descriptor
            return true
        #else
            return false
        #endif
    }

    /// Has a thread of its own wait for the end.
    private func waitOnThread() {
        let process = processID
        SideQueue(label: "child-\(process)").async {
            System.waitForEnd(of: process)
            DispatchQueue.main.async { self.reap() }
        }
    }

    private func reap() {
        guard exitStatus == nil, let status = System.reap(processID) else { return }
        exitStatus = status
        Self.running.remove(processID)
        if let watch { poller.close(watch) }
        watch = nil
        exited(status)
    }
}
