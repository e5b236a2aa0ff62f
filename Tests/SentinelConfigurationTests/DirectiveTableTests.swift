// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore
import Testing

@Suite struct `Directive table` {
    @Test func `has every name once`() {
        for scopes: [Directive.Scope] in [[.server], [.sentinel, .master]] {
            let rows = DirectiveTable.all.filter { scopes.contains($0.scope) }
            let names = rows.flatMap { [$0.name] + $0.aliases }
            #expect(Set(names).count == names.count)
            #expect(names.allSatisfy { $0 == $0.lowercased() })
        }
        #expect(DirectiveTable.all.allSatisfy { !$0.summary.isEmpty })
    }

    @Test(arguments: DirectiveTable.all.map(\.name))
    func `names the defaults that are in force`(name: String) throws {
        for row in DirectiveTable.all where row.name == name {
            let words = try Grammar.words(of: bytes(row.initial)[...])
            switch row.action {
            case .setting(let setting):
                let value = row.arguments == 1...1 ? [bytes(row.initial)] : words
                var settings = ServerSettings()
                try setting.read(&settings, value)
                #expect(settings == ServerSettings())
                #expect(setting.write(ServerSettings()) == value)
            case .kept(let rule) where !row.initial.isEmpty: try rule.check(words, of: name)
            case .global(let setting) where !row.initial.isEmpty:
                var settings = Settings()
                try setting.read(&settings, words)
                #expect(settings == Settings())
            case .master(let setting) where !row.initial.isEmpty:
                let fresh = MasterSettings(
                    name: MasterName("m"), address: Endpoint(host: "127.0.0.1", port: 1), quorum: 1)
                var master = fresh
                try setting.read(&master, words)
                #expect(master == fresh)
                #expect(setting.write(master).map(\.words) == [words])
            default: break
            }
        }
    }
}
