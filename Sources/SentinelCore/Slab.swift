// SPDX-License-Identifier: Apache-2.0

/// Values in slots, found by an ID in constant time and changed in place.
///
/// An ID is never given twice: a slot that is used again gets a new generation, so that an ID kept too long finds
/// nothing instead of a stranger. Iteration goes by slot and is the same in every run. A value that was removed stays
/// in its slot, out of reach, until the slot is used again: without an optional around it, looking at one field of a
/// large value copies that field alone.
package struct Slab<Value: Sendable>: Sendable {
    /// A place in one slab; meaningless in another.
    package struct ID: Hashable, Sendable, Comparable {
        let slot: UInt32
        let generation: UInt32

        package static func < (left: ID, right: ID) -> Bool {
            (left.slot, left.generation) < (right.slot, right.generation)
        }
    }

    private var values: [Value] = []
    private var isUsed: [Bool] = []
    private var generations: [UInt32] = []
    private var vacant: [UInt32] = []

    package init() {}

    package var count: Int { values.count - vacant.count }

    package func contains(_ id: ID) -> Bool {
        Int(id.slot) < values.count && generations[Int(id.slot)] == id.generation && isUsed[Int(id.slot)]
    }

    /// Makes a value that knows its own ID.
    @discardableResult
    package mutating func insert(_ make: (ID) -> Value) -> ID {
        if let slot = vacant.popLast() {
            let id = ID(slot: slot, generation: generations[Int(slot)])
            values[Int(slot)] = make(id)
            isUsed[Int(slot)] = true
            return id
        }
        let id = ID(slot: UInt32(values.count), generation: 0)
        values.append(make(id))
        isUsed.append(true)
        generations.append(0)
        return id
    }

    package mutating func remove(_ id: ID) {
        guard contains(id) else { return }
        isUsed[Int(id.slot)] = false
        generations[Int(id.slot)] &+= 1
        vacant.append(id.slot)
    }

    /// The value with this ID; asking for one that is gone is a programmer's error (ask `contains` first).
    package subscript(id: ID) -> Value {
        // Read in place: a copy of a group costs dozens of references, and an array's own subscript hands one out.
        _read {
            precondition(contains(id), "the slab holds no value with this ID")
            yield values.span[Int(id.slot)]
        }
        _modify {
            precondition(contains(id), "the slab holds no value with this ID")
            yield &values[Int(id.slot)]
        }
    }

    /// The IDs in use, by slot.
    package var ids: [ID] {
        values.indices.compactMap { slot in
            isUsed[slot] ? ID(slot: UInt32(slot), generation: generations[slot]) : nil
        }
    }
}
