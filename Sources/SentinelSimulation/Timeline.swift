// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// Something that is going to happen in the world.
enum Happening {
    case arrival(Wire, Wire.End)
    case wake(SentinelProcess, life: Int)
    case writeEnds(SentinelProcess, life: Int)
    case sentinelStarts(SentinelProcess)
    case sentinelResumes(SentinelProcess, life: Int)
    case nodeStarts(DataNode, crashes: Int)
    case nodeResumes(DataNode, life: Int)
    case replicate(DataNode)
    case client(Client)
    case fault(Fault)
    case heal(Healing)
}

/// An end of a disturbance.
enum Healing {
    case path(from: Int, to: Int)
    case host(Int)
    case disk(SentinelProcess)
}

/// What is going to happen, in order; equal times come up first in, first out.
struct Timeline {
    private struct Entry {
        let at: Instant
        let order: UInt64
        let happening: Happening

        func isBefore(_ other: Entry) -> Bool { at != other.at ? at < other.at : order < other.order }
    }

    private var heap: [Entry] = []
    private var entered: UInt64 = 0

    mutating func enter(_ happening: Happening, at instant: Instant) {
        entered += 1
        heap.append(Entry(at: instant, order: entered, happening: happening))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (at: Instant, happening: Happening)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.at, first.happening) }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[smallest]) {
                smallest = child
            }
            guard smallest != parent else { break }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
        return (first.at, first.happening)
    }
}
