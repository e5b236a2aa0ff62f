// SPDX-License-Identifier: Apache-2.0

/// Commands by the names they are called by, found in any mix of case.
///
/// Names differ in length more often than not, so that few are compared.
struct NameTable: Sendable {
    /// At the index that is the name's length; names in lower case.
    private var byLength: [[(name: [UInt8], entry: CommandEntry)]] = []

    /// Each under its own name.
    init(_ entries: some Collection<CommandEntry>) {
        for entry in entries { self[Array(entry.ownName.utf8)[...]] = entry }
    }

    subscript(name: ArraySlice<UInt8>) -> CommandEntry? {
        get {
            guard name.count < byLength.count else { return nil }
            for candidate in byLength[name.count] where name.spells(candidate.name) { return candidate.entry }
            return nil
        }
        set {
            while byLength.count <= name.count { byLength.append([]) }
            byLength[name.count].removeAll { name.spells($0.name) }
            if let newValue { byLength[name.count].append((name.map(\.lowercased), newValue)) }
        }
    }

    /// All that have a name here.
    var entries: [CommandEntry] { byLength.joined().map(\.entry) }
}
