// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A server started by a test, known by its pid, with its output in files of its own directory.
///
/// It never outlives the test: `end()` is called by the scope that made it, by `deinit`, and by the `Guardian`.
final class ServerProcess {
    enum Failure: Error, CustomStringConvertible {
        case missing(String)
        case cannotStart(String, reason: String)
        case ended(String, output: String)

        var description: String {
            switch self {
            case .missing(let what): "missing: \(what)"
            case .cannotStart(let what, let reason): "\(what) cannot be started: \(reason)"
            case .ended(let what, let output): "\(what) ended before it answered; its output:\n\(output)"
            }
        }
    }

    let name: String
    let directory: String
    private var executable: String
    private let arguments: [String]
    private(set) var pid: pid_t?
    /// How the last life ended: the exit code, or 128 + the signal that killed it.
    private(set) var exitCode: Int32?

    init(name: String, directory: String, executable: String, arguments: [String]) throws {
        self.name = name
        self.directory = directory
        self.executable = executable
        self.arguments = arguments
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { end() }

    var logPath: String { directory + "/log" }
    var errorPath: String { directory + "/errors" }

    func start() throws {
        precondition(pid == nil, "\(name) runs already")
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw Failure.missing("no program \(executable)")
        }
        exitCode = nil
        let pid = try spawn(executable, arguments, output: logPath, errors: errorPath)
        Guardian.shared.watch(pid)
        self.pid = pid
    }

    /// Whether it runs (or is stopped); takes note of its end.
    var isRunning: Bool {
        guard let pid else { return false }
        var status: Int32 = 0
        if waitpid(pid, &status, WNOHANG) == pid { ended(pid, status) }
        return self.pid != nil
    }

    func signal(_ number: Int32) {
        guard let pid else { return }
        _ = Foundation.kill(pid, number)
    }

    /// Kills it and waits until it is gone.
    func kill() {
        guard let pid, isRunning else { return }
        signal(SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        ended(pid, status)
    }

    func stop() { signal(SIGSTOP) }
    func cont() { signal(SIGCONT) }
    func end() { kill() }

    /// A new life with the same arguments and files; the log goes on where it ended.
    ///
    /// - Parameter executable: What runs from now on; `nil` for what ran before.
    func restart(as executable: String? = nil) throws {
        kill()
        if let executable { self.executable = executable }
        try start()
    }

    func waitForExit(within limit: Duration) throws -> Int32 {
        try eventually("\(name) exits", within: limit) { !isRunning }
        return exitCode ?? -1
    }

    /// Standard output of all its lives.
    func log() -> String { Self.text(of: logPath) }
    /// Standard error of all its lives.
    func errors() -> String { Self.text(of: errorPath) }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    private func ended(_ pid: pid_t, _ status: Int32) {
        Guardian.shared.forget(pid)
        self.pid = nil
        let signal = status & 0x7f
        exitCode = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
