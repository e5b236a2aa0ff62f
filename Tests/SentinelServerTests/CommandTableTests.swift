// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import Testing

@testable import SentinelServer

@Suite struct `The handlers` {
    @Test func `are there for every command that is no mere container`() {
        // COMMAND alone means something; ACL, CLIENT and SENTINEL alone are refused by their arity.
        let without = Catalogue.entries.filter { CommandTable.handlers[$0.id] == nil }.map(\.fullName)
        #expect(without == ["client", "acl", "sentinel"])
        for container in Catalogue.entries where CommandTable.handlers[container.id] == nil {
            #expect(!container.accepts(count: 1), "\(container)")
        }
    }

    @Test func `are each for a command of the catalogue, and no two for the same`() {
        let names = CommandTable.families.flatMap(\.keys)
        #expect(Set(names).subtracting(Catalogue.entries.map(\.fullName)) == [])
        #expect(Set(names).count == names.count)
    }
}
