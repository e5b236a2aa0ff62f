// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Unix datagram socket of the test, as service managers and the system log have one.
final class DatagramInbox {
    private let descriptor: Int32
    private(set) var messages: [String] = []

    /// - Parameter name: A path, or `@` and an abstract name.
    init(_ name: String) {
        descriptor = socket(AF_UNIX, socketKind(SOCK_DGRAM), 0)
        precondition(descriptor >= 0, "no socket: errno \(errno)")
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let result = withUnixAddress(name) { bind(descriptor, $0, $1) }
        precondition(result == 0, "no socket at \(name): errno \(errno)")
    }

    deinit { close(descriptor) }

    /// Takes in what has arrived, and returns all there was so far.
    func receive() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count >= 0 else { return messages }
            messages.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }

    /// Waits until the messages are as wanted.
    @discardableResult
    func await(_ what: String, until isReached: ([String]) -> Bool) throws -> [String] {
        try eventually(what, within: .seconds(10), receive, until: isReached)
    }
}
