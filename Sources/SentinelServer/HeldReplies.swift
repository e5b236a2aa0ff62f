// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// Replies of one client that stand behind one which the core still owes, to be sent in the order of the requests.
///
/// A peer asks about many groups over one connection, and each vote waits until it is on disk. Were the second request
/// looked at only after the first was answered, every vote would wait for a write of its own; this way all of them
/// share one.
struct HeldReplies {
    private struct Held {
        let request: RequestID
        var answer: [UInt8]?
        /// Replies to later requests, up to the next one that is owed.
        var following: [UInt8] = []
    }

    private var held: [Held] = []
    /// Those before it are sent.
    private var first = 0

    /// Bytes of complete replies that can't be sent yet.
    private(set) var bytes = 0

    var isEmpty: Bool { first == held.count }
    var count: Int { held.count - first }
    /// Places that memory is kept for.
    var capacity: Int { held.capacity }

    /// Notes that the reply to `request` comes later, and that all after it has to wait.
    mutating func await(_ request: RequestID) { held.append(Held(request: request)) }

    /// Adds replies behind the last that is owed.
    mutating func append(_ bytes: [UInt8]) {
        precondition(!isEmpty, "nothing holds these replies up")
        held[held.count - 1].following += bytes
        self.bytes += bytes.count
    }

    /// Takes the reply to `request` and returns what can be sent now; nothing if it is not owed.
    mutating func answer(_ request: RequestID, _ bytes: [UInt8]) -> [UInt8] {
        guard let index = held[first...].firstIndex(where: { $0.request == request }) else { return [] }
        held[index].answer = bytes
        self.bytes += bytes.count
        var ready: [UInt8] = []
        while first < held.count, let answer = held[first].answer {
            ready += answer
            ready += held[first].following
            held[first] = Held(request: held[first].request)
            first += 1
        }
        self.bytes -= ready.count
        if isEmpty {
            held.removeAll(keepingCapacity: false)
            first = 0
        } else if first >= 512, first >= count {
            held.removeFirst(first)
            first = 0
        }
        return ready
    }
}
