// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import Testing

private func slice(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

@Suite struct `The catalogue` {
    /// COMMAND INFO of 8.2.3: name, arity, flags, categories and tips, in any order.
    @Test func `agrees with the original`() {
        let recorded = RecordedCommands.text.split(separator: "\n").map(String.init)
        let own = Catalogue.entries.map { entry in
            let categories = entry.categories.map { "@\($0.name)" }.joined(separator: " ")
            let fields = [
                "\(entry.fullName) \(entry.arity)", entry.flags.names.joined(separator: " "), categories,
                entry.tips.joined(separator: " "),
            ]
            return fields.joined(separator: " | ") + " | \(entry.since) \(entry.group.rawValue)"
        }
        let added = own.filter { !recorded.contains($0) }
        #expect(recorded.filter { !own.contains($0) } == [])
        #expect(
            added.compactMap { $0.split(separator: " ").first } == [
                "quit", "reset", "sentinel|get-primary-addr-by-name", "sentinel|is-primary-down-by-addr",
                "sentinel|primary", "sentinel|primaries",
            ])
    }

    @Test func `lists nothing twice`() {
        #expect(Set(Catalogue.entries.map(\.fullName)).count == Catalogue.entries.count)
        #expect(Catalogue.entries.indices.allSatisfy { Catalogue.entries[$0].id == $0 })
        #expect(Catalogue.commands.count == 17)
        #expect(Catalogue.entries.count == 79)
    }

    @Test func `says one short sentence about each`() {
        for entry in Catalogue.entries {
            #expect(entry.summary.hasSuffix(".") && entry.summary.utf8.count <= 90, "\(entry)")
            #expect(!entry.summary.dropLast().contains("."), "\(entry)")
        }
    }

    @Test func `finds names in any mix of case`() {
        for entry in Catalogue.entries {
            #expect(Catalogue.entry(fullName: slice(entry.fullName.uppercased())) == entry)
        }
        for name in [
            "", "|", "nope", "client|", "client|nope", "ping|x", "client|kill|x", "|client", "kill", "pin", "pingg",
        ] {
            #expect(Catalogue.entry(fullName: slice(name)) == nil, "\(name)")
        }
    }

    @Test(arguments: [
        ("ping", 1, true), ("ping", 5, true), ("role", 1, true), ("role", 2, false), ("client", 1, false),
        ("command", 1, true), ("client|kill", 2, false), ("client|kill", 3, true), ("client|kill", 9, true),
        ("acl|whoami", 2, true), ("acl|whoami", 3, false), ("sentinel|config", 3, false),
    ])
    func `knows the length of requests`(name: String, count: Int, isAccepted: Bool) throws {
        let entry = try #require(Catalogue.entry(fullName: slice(name)))
        #expect(entry.accepts(count: count) == isAccepted)
        #expect(entry.wrongArity == "ERR wrong number of arguments for '\(name)' command")
    }

    @Test(arguments: [
        ("subscribe", 3, 1..<3), ("psubscribe", 2, 1..<2), ("publish", 3, 1..<2), ("publish", 1, 0..<0),
        ("unsubscribe", 3, 0..<0), ("ping", 2, 0..<0), ("subscribe", 0, 0..<0),
    ])
    func `knows which words are channels`(name: String, count: Int, positions: Range<Int>) throws {
        let entry = try #require(Catalogue.entry(fullName: slice(name)))
        #expect(entry.channels.positions(count: count) == positions)
    }

    @Test func `knows which names are the same thing`() throws {
        let twins = Catalogue.entries.compactMap { entry in entry.twin.map { (entry, $0) } }
        #expect(
            twins.map { "\($0.ownName)=\($1.ownName)" } == [
                "get-master-addr-by-name=get-primary-addr-by-name", "get-primary-addr-by-name=get-master-addr-by-name",
                "is-master-down-by-addr=is-primary-down-by-addr", "is-primary-down-by-addr=is-master-down-by-addr",
                "master=primary", "masters=primaries", "primary=master", "primaries=masters",
            ])
        for (entry, twin) in twins {
            #expect(entry.arity == twin.arity && entry.flags == twin.flags && entry.categories == twin.categories)
        }
    }

    @Test func `knows what is old`() throws {
        let old = Catalogue.entries.filter { $0.deprecation != nil }.map(\.fullName)
        #expect(old == ["quit", "sentinel|slaves"])
    }
}

@Suite struct `Help` {
    @Test(arguments: ["acl", "client", "command", "sentinel"])
    func `has the original's form`(name: String) throws {
        let container = try #require(Catalogue.command(named: slice(name)))
        let lines = Catalogue.help(for: container, called: name.uppercased())
        #expect(lines.first == "\(name.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(lines.suffix(2) == ["HELP", "    Print this help."])
        #expect(lines.contains { $0.hasPrefix("(no subcommand)") } == (name == "command"))
        for line in lines { #expect(!line.hasPrefix(" ") || line.hasPrefix("    ") && !line.hasPrefix("     ")) }
    }

    @Test func `shows each subcommand, but no second name`() throws {
        let sentinel = try #require(Catalogue.command(named: slice("sentinel")))
        let usages = Catalogue.help(for: sentinel, called: "SENTINEL").filter { !$0.hasPrefix(" ") }.dropFirst()
        #expect(
            Array(usages.prefix(3)) == [
                "CKQUORUM <master-name>", "CONFIG SET param value [param value ...]",
                "CONFIG GET <param> [param param param ...]",
            ])
        #expect(!usages.contains { $0.contains("PRIMAR") || $0.contains("SLAVES") })
        #expect(usages.count == sentinel.subcommands.count - 5 + 1)
    }
}

@Suite struct `A set of commands` {
    @Test func `holds what was put in`() throws {
        let ping = try #require(Catalogue.command(named: slice("ping")))
        var set = CommandSet([ping])
        #expect(Catalogue.entries.filter(set.contains) == [ping])
        set.formUnion(CommandSet(Catalogue.commands(in: .pubsub)))
        #expect(Catalogue.entries.filter(set.contains).count == 6)
        set.subtract(CommandSet(Catalogue.commands(in: .fast)))
        #expect(Catalogue.entries.filter(set.contains).count == 4)
        #expect(Catalogue.entries.allSatisfy(CommandSet.all.contains) && CommandSet().isEmpty)
    }
}
