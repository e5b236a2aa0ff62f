// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelCore

/// Starts the operator's scripts and tells how they end.
final class ScriptRunner {
    private let tell: (Input) -> Void
    private var children: [ScriptID: ChildProcess] = [:]
    private var starts: [ScriptID: ChildStart] = [:]
    /// Those that are to end as soon as they have begun.
    private var condemned: Set<ScriptID> = []

    /// Bytes of each run's output and errors that get into ours, which may be a file on a small disk.
    private static let outputLimit = 64 * 1024

    init(tell: @escaping (Input) -> Void) { self.tell = tell }

    func run(_ id: ScriptID, _ path: String, _ arguments: [String]) {
        starts[id] = ChildStart(
            path: path, arguments: arguments, outputLimit: Self.outputLimit,
            exited: { [unowned self] in self.ended(id, $0) }, started: { [unowned self] in self.started(id, $0) })
    }

    private func started(_ id: ScriptID, _ result: Result<ChildProcess, SystemError>) {
        starts[id] = nil
        let isCondemned = condemned.remove(id) != nil
        switch result {
        case .success(let child):
            children[id] = child
            tell(.scriptStarted(id, processID: child.processID))
            if isCondemned { kill(id) }
        case .failure(let error):
            // A file that can't be run is the script's fault, like an exit code of 2; the rest is the system's.
            tell(.scriptEnded(id, error.isAboutProgram ? .exited(code: 2) : .notStarted))
        }
    }

    /// Ends a script and whatever it has started, at once or as soon as it has begun. One that waits for others to
    /// begin does not begin.
    func kill(_ id: ScriptID) {
        guard let start = starts[id] else {
            children[id]?.killGroup(ProcessFacts.killSignal)
            return
        }
        guard start.cancel() else {
            condemned.insert(id)
            return
        }
        starts[id] = nil
        tell(.scriptEnded(id, .killed(signal: ProcessFacts.killSignal)))
    }

    private func ended(_ id: ScriptID, _ status: ProcessExit) {
        children[id] = nil
        switch status {
        case .code(let code): tell(.scriptEnded(id, .exited(code: code)))
        case .signal(let signal): tell(.scriptEnded(id, .killed(signal: signal)))
        case .unknown: tell(.scriptEnded(id, .notStarted))
        }
    }
}
