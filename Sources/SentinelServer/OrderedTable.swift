// SPDX-License-Identifier: Apache-2.0

/// Values by name, in the order in which the names came; a name that goes leaves the order of the others as it is.
///
/// Every operation on one name takes the same time, however many there are: one request may bring a hundred thousand.
struct OrderedTable<Value> {
    private var positions: [[UInt8]: Int] = [:]
    /// With gaps, of which there are never more than names.
    private var entries: [(name: [UInt8], value: Value)?] = []

    var count: Int { positions.count }
    var isEmpty: Bool { positions.isEmpty }
    var names: [[UInt8]] { elements.map(\.name) }
    var elements: some Sequence<(name: [UInt8], value: Value)> { entries.lazy.compactMap { $0 } }

    func has(_ name: [UInt8]) -> Bool { positions[name] != nil }

    subscript(name: [UInt8]) -> Value? {
        get { positions[name].flatMap { entries[$0]?.value } }
        set {
            if let position = positions[name] {
                entries[position] = newValue.map { (name, $0) }
                if newValue == nil {
                    positions[name] = nil
                    closeGaps()
                }
            } else if let newValue {
                positions[name] = entries.count
                entries.append((name, newValue))
            }
        }
    }

    /// Changes the value of a name in its place, beginning with `initial` where it has none.
    mutating func update(_ name: [UInt8], from initial: Value, _ change: (inout Value) -> Void) {
        guard let position = positions[name], var entry = entries[position] else {
            var value = initial
            change(&value)
            self[name] = value
            return
        }
        entries[position] = nil  // so that there is one copy
        change(&entry.value)
        entries[position] = entry
    }

    private mutating func closeGaps() {
        guard entries.count > 2 * positions.count else { return }
        entries = entries.filter { $0 != nil }
        for (position, entry) in entries.enumerated() {
            if let entry { positions[entry.name] = position }
        }
    }
}
