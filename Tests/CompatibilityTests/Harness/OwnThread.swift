// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Testing

/// Runs each test on a thread of its own, so that it may block on sockets and processes.
///
/// The tests here are plain synchronous code. On the pool of the concurrency runtime, which has one thread a core, two
/// of them would hold up every other test and the timer behind `.timeLimit`.
struct OwnThread: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(SerialThread()) {
            try await function()
        }
    }
}

extension Trait where Self == OwnThread {
    /// Gives each test a thread it may block.
    static var ownThread: OwnThread { OwnThread() }
}

/// A task executor on one serial queue.
private final class SerialThread: TaskExecutor {
    private let queue = DispatchQueue(label: "test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
