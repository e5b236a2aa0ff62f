// SPDX-License-Identifier: Apache-2.0

package import EventLoop

/// A process of a fleet, and what was started in it.
package final class Member {
    package let name: String
    package let logPath: String
    fileprivate(set) var process: ChildProcess?
    /// Set when its end was asked for.
    package fileprivate(set) var mayEnd = false
    fileprivate var ended: [() -> Void] = []

    fileprivate init(name: String, logPath: String) {
        self.name = name
        self.logPath = logPath
    }

    package var processID: Int32 { process?.processID ?? 0 }
    package var isRunning: Bool { process.map { $0.exitStatus == nil } ?? false }

    /// As `kill -9` does it.
    package func kill() {
        mayEnd = true
        process?.killGroup(ProcessFacts.killSignal)
    }

    /// As `kill -9`; `ended` is called once it is gone.
    package func kill(then ended: @escaping () -> Void) {
        guard isRunning else { return ended() }
        self.ended.append(ended)
        kill()
    }

    /// The last lines it has printed.
    package var lastWords: [Substring] {
        guard let bytes = try? FileReplacement.readFile(logPath) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(8)
    }
}

/// All processes a program starts and the directory they live in; none outlives it, thanks to the `Guardian`.
package final class Fleet {
    package let directory: String
    private let ownPath: String
    private let guardianAddress: SocketAddress
    private var listener: Listener?
    private var guardianLink: Connection?
    private var guardian: ChildProcess?
    private var members: [Member] = []
    private var isStopping = false
    private var stopped: () -> Void = {}

    /// Called when a process ended that should not have.
    package var memberFailed: (Member) -> Void = { _ in }
    package var guardianFailed: () -> Void = {}

    /// Makes the directory; `nil` if that is not possible.
    ///
    /// - Parameter name: What the directory's name begins with.
    /// - Parameter ownPath: This program's file, which has to take the role of a `Guardian` when asked to.
    package init?(_ name: String, ownPath: String) {
        guard let directory = try? Directories.makeTemporary(name) else { return nil }
        guard let address = SocketAddress(unixPath: Guardian.socketPath(in: directory)) else {
            Directories.removeTree(directory)  // its name is too long for a socket in it
            return nil
        }
        self.directory = directory
        guardianAddress = address
        self.ownPath = ownPath
        guard (try? Directories.make(Guardian.listPath(in: directory))) != nil else {
            Directories.removeTree(directory)
            return nil
        }
    }

    /// Starts the guardian and calls `ready` when it watches.
    ///
    /// - Throws: Why the guardian could not be started, or its socket not be opened.
    package func start(ready: @escaping () -> Void) throws(SystemError) {
        listener = try Listener(on: guardianAddress, unixMode: 0o600) { [weak self] connection in
            guard let self, guardianLink == nil else { return connection.close() }
            connection.delegate = self
            guardianLink = connection
            listener?.close()
            ready()
        }
        let role = HelperRole.guardian(directory: directory)
        guardian = try ChildProcess(path: ownPath, arguments: role.arguments) { [weak self] _ in
            self?.guardianEnded()
        }
    }

    /// Starts a program in a directory of its own, its output in a log file there.
    ///
    /// The process enters itself where the guardian looks before it becomes the program, so that there is no moment in
    /// which this one could be killed and that one live on.
    ///
    /// - Throws: Why it could not be started.
    package func launch(_ name: String, program: String, arguments: [String]) throws(SystemError) -> Member {
        let member = Member(name: name, logPath: "\(makeDirectory(name))/log")
        let script = #"exec 2>/dev/null; ( : >"$1/$$" ) && log=$2 && shift 2 && exec "$@" >>"$log" 2>&1"#
        let words = ["-c", script, "sh", Guardian.listPath(in: directory), member.logPath, program] + arguments
        let process = try ChildProcess(path: "/bin/sh", arguments: words) { [weak self, weak member] _ in
            if let self, let member { ended(member) }
        }
        member.process = process
        members.append(member)
        return member
    }

    package func makeDirectory(_ name: String) -> String {
        let path = "\(directory)/\(name)"
        try? Directories.make(path)  // there already when a server is started again
        return path
    }

    /// Ends all processes, has the directory removed, and calls `stopped` when both are done.
    package func stop(_ stopped: @escaping () -> Void) {
        isStopping = true
        self.stopped = stopped
        for member in members where member.isRunning { member.kill() }
        listener?.close()
        finishStopping()
    }

    /// Lets the guardian go once nobody is left, so that nothing appears in the directory while it is removed.
    private func finishStopping() {
        guard isStopping, !members.contains(where: \.isRunning) else { return }
        if let guardianLink {
            guardianLink.closeAfterFlush()
            self.guardianLink = nil
        } else if guardian?.exitStatus != nil || guardian == nil {
            Directories.removeTree(directory)  // in case there was no guardian, or it could not
            stopped()
        } else {
            guardian?.killGroup(ProcessFacts.killSignal)  // it never connected
        }
    }

    private func ended(_ member: Member) {
        if let process = member.process { Guardian.forget(process.processID, in: directory) }
        members.removeAll { $0 === member }
        for ended in member.ended { ended() }
        member.ended = []
        if isStopping { finishStopping() } else if !member.mayEnd { memberFailed(member) }
    }

    private func guardianEnded() {
        if isStopping { finishStopping() } else { guardianFailed() }
    }
}

extension Fleet: ConnectionDelegate {
    package func connectionDidConnect(_ connection: Connection) {}
    package func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {}
    package func connectionDidDrain(_ connection: Connection) {}

    package func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        guardianLink = nil  // its end is told by the process
    }
}
