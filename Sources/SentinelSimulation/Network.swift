// SPDX-License-Identifier: Apache-2.0

// The network carries messages of connections. Within a connection order is kept, as TCP does; across connections it is
// not. A blocked path does not lose what was sent: it is sent again until the path is open or the connection is given
// up, so a healed partition ends in a burst of old news.

import SentinelCore

/// One connection from a sentinel to a data node or another sentinel.
final class Wire {
    /// Whom a message is on its way to.
    enum End { case target, owner }

    /// Those that hold much are moved about more often than they are read.
    enum Message {
        case open
        case opened
        indirect case request(Request)
        indirect case reply(Reply)
        case heard
        indirect case hello(Hello)
        case closed
    }

    /// The run keeps all processes; a process keeps its wires.
    unowned let owner: SentinelProcess
    let ownerLife: Int
    let connection: ConnectionID
    let channel: Channel
    let target: Int
    /// The life of the process that accepted it.
    var targetLife: Int?
    var isOpenAtOwner = true
    var isOpenAtTarget = false
    /// Whether nobody has the address any more that it goes to.
    var isDeserted = false
    /// Replies in the order of the requests; those of a command that is held back are missing.
    var replies: [Reply?] = []
    var repliesSent = 0

    var toTarget = Queue()
    var toOwner = Queue()

    init(owner: SentinelProcess, connection: ConnectionID, channel: Channel, target: Int) {
        self.owner = owner
        ownerLife = owner.life
        self.connection = connection
        self.channel = channel
        self.target = target
    }

    /// Messages on their way in one direction.
    struct Queue {
        private var messages: [(Message, sentAt: Instant)] = []
        private var head = 0
        /// When the last of them arrives at the earliest.
        var busyUntil = Instant.start
        /// Arrivals that found the path blocked; one of them tries again for all.
        private var heldUp = 0

        var isHeldUp: Bool { heldUp > 0 }
        mutating func hold() { heldUp += 1 }

        /// Lets go of what was held up; tells how many arrivals that were.
        mutating func resume() -> Int {
            defer { heldUp = 0 }
            return heldUp
        }

        var first: (message: Message, sentAt: Instant)? {
            head < messages.count ? (messages[head].0, messages[head].sentAt) : nil
        }

        mutating func append(_ message: Message, at now: Instant) { messages.append((message, now)) }

        mutating func removeFirst() {
            head += 1
            if head == messages.count {
                messages.removeAll(keepingCapacity: true)
                head = 0
            }
        }

        mutating func removeAll() {
            messages = []
            head = 0
            heldUp = 0
        }
    }
}

/// Who reaches whom, and how fast.
struct Network {
    private let hosts: Int
    /// How many disturbances block a path.
    private var blocks: [Int]
    /// What a host adds to each message, in microseconds.
    private(set) var slowness: [Int]

    init(hosts: Int) {
        self.hosts = hosts
        blocks = Array(repeating: 0, count: hosts * hosts)
        slowness = Array(repeating: 0, count: hosts)
    }

    func isBlocked(from: Int, to: Int) -> Bool { blocks[from * hosts + to] > 0 }
    mutating func block(from: Int, to: Int) { blocks[from * hosts + to] += 1 }
    mutating func unblock(from: Int, to: Int) { blocks[from * hosts + to] = max(0, blocks[from * hosts + to] - 1) }
    mutating func slowDown(_ host: Int, byMicroseconds added: Int) { slowness[host] = added }

    mutating func healAll() {
        for index in blocks.indices { blocks[index] = 0 }
        for index in slowness.indices { slowness[index] = 0 }
    }
}
