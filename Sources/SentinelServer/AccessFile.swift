// SPDX-License-Identifier: Apache-2.0

import AccessControl
import EventLoop
import SentinelCore

/// The file of ACL LOAD and SAVE.
///
/// Written beside the loop, one write at a time; what is asked for meanwhile shares the next, however often it is.
final class AccessFile {
    typealias Waiter = (_ error: SystemError?) -> Void

    let path: String
    private let users: () -> Users
    private let log: Logger
    private var isWriting = false
    /// Whether there is to be another write, with what is in force by then.
    private var isWanted = false
    private var waiters: [Waiter] = []
    private var afterwards: [() -> Void] = []

    init(_ path: String, users: @escaping () -> Users, log: Logger) {
        self.path = path
        self.users = users
        self.log = log
        // What a crash left has passwords in it.
        _ = try? FileReplacement.removeLeftovers(of: path)
    }

    /// Writes the users; a failure is told to the log and to `waiter`.
    func save(_ waiter: Waiter?) {
        isWanted = true
        if let waiter { waiters.append(waiter) }
        if !isWriting { write() }
    }

    private func write() {
        (isWriting, isWanted) = (true, false)
        let served = waiters
        waiters = []
        FileReplacement.replace(path: path, contents: UserFile.text(users()), mode: 0o600) { result in
            self.isWriting = false
            var failure: SystemError?
            if case .failure(let error) = result {
                failure = error
                self.log.write(.warning, "The users could not be saved in '\(self.path)': \(error)")
            }
            for waiter in served { waiter(failure) }
            if self.isWriting { return }
            if self.isWanted { return self.write() }
            let done = self.afterwards
            self.afterwards = []
            for body in done { body() }
        }
    }

    /// Calls `body` as soon as nothing is being written or waits to be, which may be at once.
    func afterWriting(_ body: @escaping () -> Void) {
        if isWriting { afterwards.append(body) } else { body() }
    }
}
