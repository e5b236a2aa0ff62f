// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// Something that is going to happen in the world.
enum Happening {
    case arrival(Wire, Wire.End)
    case retry(Wire, Wire.End)
    case wake(SentinelProcess, life: Int)
    case writeEnds(SentinelProcess, life: Int)
    indirect case input(SentinelProcess, life: Int, Input)
    case scriptEnds(SentinelProcess, life: Int, ScriptID, ScriptEnd)
    case sentinelStarts(SentinelProcess)
    case sentinelResumes(SentinelProcess, life: Int)
    case nodeStarts(DataNode, crashes: Int)
    case nodeResumes(DataNode, life: Int)
    case replicate(DataNode)
    case client(Client)
    case fault(Fault)
    case flap(Int, Int, left: Int)
    case cloneEnds
    case heal(Healing)
}

/// An end of a disturbance.
enum Healing {
    case path(from: Int, to: Int)
    case host(Int)
    case disk(SentinelProcess)
    /// Its name leads to where it is.
    case record(DataNode)
}

/// What is going to happen, in order; equal times come up first in, first out.
///
/// The heap holds numbers only and the happenings stay where they are, for it is what a run spends most of its time on.
struct Timeline {
    private struct Entry {
        let attoseconds: Int128
        let order: UInt32
        let slot: UInt32

        func isBefore(_ other: Entry) -> Bool {
            attoseconds != other.attoseconds ? attoseconds < other.attoseconds : order < other.order
        }
    }

    private var heap: [Entry] = []
    private var happenings: [Happening?] = []
    private var vacant: [UInt32] = []
    private var entered: UInt32 = 0

    mutating func enter(_ happening: Happening, at instant: Instant) {
        entered += 1
        let slot: UInt32
        if let free = vacant.popLast() {
            slot = free
            happenings[Int(free)] = happening
        } else {
            slot = UInt32(happenings.count)
            happenings.append(happening)
        }
        let entry = Entry(attoseconds: instant.sinceStart.attoseconds, order: entered, slot: slot)
        heap.append(entry)
        var hole = heap.count - 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            guard entry.isBefore(heap[parent]) else { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = entry
    }

    mutating func next() -> (at: Instant, happening: Happening)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { sink(last) }
        vacant.append(first.slot)
        let at = Instant(sinceStart: Duration(attoseconds: first.attoseconds))
        return happenings[Int(first.slot)].take().map { (at, $0) }
    }

    /// Puts `entry` where it belongs, from the top.
    private mutating func sink(_ entry: Entry) {
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(entry) else { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = entry
    }
}
