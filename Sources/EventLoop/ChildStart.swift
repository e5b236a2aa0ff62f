// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// The start of a program that nothing waits for: until its file is read, which a disk may hold up.
///
/// One is started after the other.
package final class ChildStart {
    private let begin: () -> Void

    private static var waiting: [ChildStart] = []
    /// Whether a process is being started, whose number is not known yet. Until then it holds on to what is open here.
    private(set) static var isUnderWay = false
    private static let queue = SideQueue(label: "child-start")

    /// - Parameters: As for `ChildProcess`.
    /// - Parameter started: Called on the main queue, never from within `init`, unless it is cancelled: the process, or
    ///   why there is none.
    package init(
        path: String, arguments: [String], outputLimit: Int? = nil, poller: Poller = .main,
        exited: @escaping (ProcessExit) -> Void, started: @escaping (Result<ChildProcess, SystemError>) -> Void
    ) {
        begin = {
            do throws(SystemError) {
                let program = try Program(path, arguments, [:], outputLimit, poller)
                Self.spawn(program) { result in
                    program.closeOutputs()
                    started(result.map { ChildProcess($0, poller: poller, exited: exited) })
                }
            } catch {
                Self.isUnderWay = false
                started(.failure(error))
                Self.beginNext()
            }
        }
        Self.waiting.append(self)
        DispatchQueue.main.async { Self.beginNext() }
    }

    /// Has the program not be started at all, if it waits for others.
    ///
    /// - Returns: Whether that was so.
    package func cancel() -> Bool {
        guard let place = Self.waiting.firstIndex(where: { $0 === self }) else { return false }
        Self.waiting.remove(at: place)
        return true
    }

    private static func beginNext() {
        guard !isUnderWay, !waiting.isEmpty else { return }
        isUnderWay = true
        waiting.removeFirst().begin()
    }

    private static func spawn(
        _ program: Program, _ completion: @escaping @MainActor (Result<Int32, SystemError>) -> Void
    ) {
        queue.async {
            let result = Result<Int32, SystemError> { () throws(SystemError) in try program.spawn() }
            DispatchQueue.main.async {
                isUnderWay = false
                completion(result)
                beginNext()
            }
        }
    }
}
