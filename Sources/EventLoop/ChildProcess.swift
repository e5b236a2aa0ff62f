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
    /// How many are being started, whose numbers are not known yet.
    private static var beingStarted = 0
    /// Where those are started that nothing waits for.
    private static let starter = DispatchQueue(label: "child-starter")

    /// Whether a process may have been started here and will be reaped here then.
    static func mayBeRunning(_ process: Int32) -> Bool { beingStarted > 0 || running.contains(process) }

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

    private init(_ processID: Int32, poller: Poller, exited: @escaping (ProcessExit) -> Void) {
        self.poller = poller
        self.exited = exited
        self.processID = processID
        watchOver(onThread: false)
    }

    /// Starts the program at `path` without waiting until its file is read, which a disk may hold up.
    ///
    /// What is started in this way is started one after the other.
    /// - Parameters: As for `init`.
    /// - Parameter started: Called once, on the main queue, never from within this call: the process, or why there is
    ///   none.
    package static func start(
        path: String, arguments: [String], outputLimit: Int? = nil, poller: Poller = .main,
        exited: @escaping (ProcessExit) -> Void, started: @escaping (Result<ChildProcess, SystemError>) -> Void
    ) {
        let program: Program
        do throws(SystemError) {
            program = try Program(path, arguments, [:], outputLimit, poller)
        } catch {
            DispatchQueue.main.async { started(.failure(error)) }
            return
        }
        beingStarted += 1
        let completion: @MainActor (Result<Int32, SystemError>) -> Void = { result in
            beingStarted -= 1
            program.closeOutputs()
            started(result.map { ChildProcess($0, poller: poller, exited: exited) })
        }
        starter.async {
            let result = Result<Int32, SystemError> { () throws(SystemError) in try program.spawn() }
            DispatchQueue.main.async { completion(result) }
        }
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
        DispatchQueue(label: "child-\(process)").async {
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

/// A program and all that it is started with.
private nonisolated struct Program: Sendable {
    private let path: String
    private let arguments: [String]
    private let environment: [String]
    /// The child's ends of what reads its output and its errors.
    private let outputs: (Descriptor, Descriptor)?

    @MainActor init(
        _ path: String, _ arguments: [String], _ added: [String: String], _ outputLimit: Int?, _ poller: Poller
    ) throws(SystemError) {
        System.keepEndedChildren()
        self.path = path
        self.arguments = arguments
        let inherited = System.environment.filter { entry in added[String(entry.prefix { $0 != "=" })] == nil }
        environment = inherited + added.map { "\($0.key)=\($0.value)" }.sorted()
        guard let outputLimit else {
            outputs = nil
            return
        }
        let output = try ChildOutput(limit: outputLimit, to: .standardOutput, poller: poller)
        do throws(SystemError) {
            outputs = (
                output.childEnd, try ChildOutput(limit: outputLimit, to: .standardErrors, poller: poller).childEnd
            )
        } catch {
            // Its own end is closed by the end of the stream that follows.
            System.close(output.childEnd)
            throw error
        }
    }

    /// The new process's number.
    func spawn() throws(SystemError) -> Int32 {
        try System.spawn(path, arguments: arguments, environment: environment, outputs: outputs)
    }

    /// The child's ends are not ours, whether it was started or not.
    func closeOutputs() {
        guard let outputs else { return }
        System.close(outputs.0)
        System.close(outputs.1)
    }
}
