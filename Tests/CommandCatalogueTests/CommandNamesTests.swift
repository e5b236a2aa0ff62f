// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import Testing

private func slice(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

private func names(_ renames: KeyValuePairs<String, String>) -> CommandNames {
    CommandNames(renaming: renames.map { (Array($0.key.utf8), Array($0.value.utf8)) })
}

@Suite struct `What commands are called` {
    private func found(_ first: String, _ second: String? = nil, in names: CommandNames) -> String {
        switch names.resolve(slice(first), second.map(slice)) {
        case .found(let entry): entry.fullName
        case .unknownCommand: "?"
        case .unknownSubcommand: "\(first) ?"
        }
    }

    @Test(arguments: [
        ("PING", nil, "ping"), ("ping", "x", "ping"), ("CLIENT", nil, "client"), ("Client", "KILL", "client|kill"),
        ("command", nil, "command"), ("command", "docs", "command|docs"), ("nope", nil, "?"), ("nope", "kill", "?"),
        ("client", "nope", "client ?"), ("command", "", "command ?"), ("client", "client|kill", "client ?"),
    ])
    func `is what the catalogue says`(first: String, second: String?, expected: String) {
        #expect(found(first, second, in: names([:])) == expected)
        #expect(names([:]).commands == Catalogue.commands)
    }

    @Test func `is what the configuration says, in any mix of case`() {
        let names = names(["PING": "PoNg", "client": "klient", "Role": ""])
        #expect(found("pong", in: names) == "ping")
        #expect(found("PONG", in: names) == "ping")
        #expect(found("KLIENT", "id", in: names) == "client|id")
        #expect(found("klient", "nope", in: names) == "klient ?")
        for gone in ["ping", "client", "role", ""] { #expect(found(gone, in: names) == "?", "\(gone)") }
        #expect(names.commands.map(\.ownName) == Catalogue.commands.map(\.ownName).filter { $0 != "role" })
        #expect(names.entry(called: slice("klient|id"))?.fullName == "client|id")
        #expect(names.entry(called: slice("client|id")) == nil)
    }

    @Test func `is the last of several names, and one that was given up is free`() {
        let names = names(["ping": "a", "A": "ping2", "role": "ping", "info": "INFO"])
        #expect(found("ping2", in: names) == "ping")
        #expect(found("ping", in: names) == "role")
        #expect(found("a", in: names) == "?")
        #expect(found("info", in: names) == "info")
        #expect(names.commands == Catalogue.commands)
    }
}
