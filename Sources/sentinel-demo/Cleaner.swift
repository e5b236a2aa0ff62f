// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// A process that cleans up after the demo should it be killed: it ends the servers and removes their directory.
///
/// A parent-death signal would not do: it belongs to the thread that started the child, and threads come and go.
final class Cleaner {
    private let list: AppendFile
    private var process: ChildProcess?

    init(_ directory: String) throws(SystemError) {
        list = AppendFile(path: Self.listPath(directory))
        process = try ChildProcess(
            path: ProcessFacts.executable, arguments: ["--cleaner", "\(ProcessFacts.id)", directory]
        ) { _ in }
    }

    func watch(_ process: Int32) { list.append("+\(process)\n") }
    func forget(_ process: Int32) { list.append("-\(process)\n") }

    /// The demo cleans up itself.
    func dismiss() { process?.killGroup(ProcessFacts.killSignal) }

    private static func listPath(_ directory: String) -> String { "\(directory)/processes" }

    // MARK: The process

    private static var timer: DeadlineTimer?

    /// Waits until `parent` is gone and cleans up then.
    static func run(parent: Int32, _ directory: String) {
        timer = DeadlineTimer {
            guard ProcessFacts.parent == parent else {
                clean(directory)
                ProcessFacts.exit(0)
            }
            timer?.schedule(at: MonotonicClock.now + 100_000_000)
        }
        timer?.schedule(at: MonotonicClock.now)
    }

    private static func clean(_ directory: String) {
        var running: Set<Int32> = []
        let text = String(decoding: (try? FileReplacement.readFile(listPath(directory))) ?? [], as: UTF8.self)
        for line in text.split(separator: "\n") {
            guard let process = Int32(line.dropFirst()) else { continue }
            if line.hasPrefix("+") { running.insert(process) } else { running.remove(process) }
        }
        for process in running { ProcessFacts.kill(process) }
        Directories.removeTree(directory)
    }
}
