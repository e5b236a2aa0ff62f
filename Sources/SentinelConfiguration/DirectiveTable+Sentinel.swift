// SPDX-License-Identifier: Apache-2.0

import SentinelCore

extension DirectiveTable {
    /// What may follow the word `sentinel`, in the order in which new lines are written.
    ///
    /// - Source: spec/config-and-process.md 2. Numbers are read strictly, see `Word.number`.
    static let sentinelRows: [Directive] =
        identityRows + masterRows + rememberedRows + announcementRows + [stateFile, removedMaster, movedMaster]

    /// Ours: the original has no such directives.
    private static let stateFile = Directive(
        name: "state-file", arguments: 1...1, initial: "", scope: .sentinel,
        summary: "A file for all that has to be remembered, so that the configuration can be read-only.",
        action: .stateFile)

    /// The word that stands for a master which SENTINEL REMOVE took away while another file goes on naming it.
    static let removedMaster = Directive(
        name: "removed-master", arguments: 1...1, initial: "", scope: .master,
        summary: "Leaves out a master that an included or read-only file names; SENTINEL REMOVE writes it.",
        action: .removedMaster)

    /// Stands for a `monitor` line in a state file, so that the quorum is still the configuration's to say.
    static let movedMaster = Directive(
        name: "moved-master", arguments: 3...4, initial: "", scope: .master,
        summary: "Where a master of the configuration is now, and a quorum set by command; only in a state file.",
        action: .movedMaster)

    private static let identityRows: [Directive] = [
        global(
            "myid", "", "The identity of this sentinel, 40 characters; drawn at the first start.",
            read: { settings, words throws(Reason) in
                guard let id = RunID(try words[0].text()) else { throw .badRunID }
                settings.myID = id
            },
            write: { settings in settings.myID.map { GeneratedValue([Word($0.text)]) } }),
        flag(
            "deny-scripts-reconfig", true, .notYesOrNoForScripts, \.deniesScriptReconfiguration,
            "Whether SENTINEL SET may not change the scripts."),
        flag(
            "resolve-hostnames", false, .notYesOrNoFor(directive: "resolve-hostnames"), \.resolvesHostnames,
            "Whether hosts may be names instead of addresses."),
        flag(
            "announce-hostnames", false, .notYesOrNoFor(directive: "announce-hostnames"), \.announcesHostnames,
            "Whether clients and sentinels are told names instead of addresses."),
        // Ours as well.
        flag(
            "separate-pubsub-links", false, .notYesOrNoFor(directive: "separate-pubsub-links"),
            \.separatesSubscriptions,
            "Whether data nodes that speak RESP3 get a second connection for hellos all the same."),
    ]

    private static let announcementRows: [Directive] = [
        global(
            "current-epoch", "0", "The highest epoch seen so far; only ever raised.",
            read: { settings, words throws(Reason) in
                settings.currentEpoch = max(settings.currentEpoch, try epoch(words[0]))
            },
            write: { GeneratedValue([Word("\($0.currentEpoch)")]) }),
        global(
            "announce-ip", "", "The host under which the other sentinels reach this one, if not its own address.",
            read: { settings, words throws(Reason) in
                settings.announceHost = words[0].isEmpty ? nil : try words[0].text()
            },
            write: { .optional($0.announceHost.map { Word($0) }) }),
        global(
            "announce-port", "0", "The port under which the other sentinels reach this one; 0 for the one listened on.",
            read: { settings, words throws(Reason) in
                guard let port = words[0].number(UInt16.self) else { throw .badPort }
                settings.announcePort = port
            },
            write: { .value(Word("\($0.announcePort)"), isDefault: $0.announcePort == 0) }),
        global(
            "sentinel-user", "", "User name for links to the other sentinels.",
            read: { settings, words throws(Reason) in
                settings.sentinelUser = words[0].isEmpty ? nil : try words[0].text()
            },
            write: { .optional($0.sentinelUser.map { Word($0) }) }),
        {
            var row = global(
                "sentinel-pass", "", "Password for links to the other sentinels.",
                read: { settings, words throws(Reason) in
                    settings.sentinelPassword = words[0].isEmpty ? nil : Secret(words[0])
                },
                write: { .optional($0.sentinelPassword?.reveal()) })
            row.secretAfter = 2
            return row
        }(),
    ]

    static func epoch(_ word: Word) throws(Reason) -> Epoch {
        guard let number = word.number(UInt64.self) else { throw .notAnInteger }
        return Epoch(number)
    }

    private static func global(
        _ name: String, _ initial: String, _ summary: String,
        read: @escaping @Sendable (inout Settings, [Word]) throws(Reason) -> Void,
        write: @escaping @Sendable (Settings) -> GeneratedValue?
    ) -> Directive {
        Directive(
            name: name, arguments: 1...1, initial: initial, scope: .sentinel, summary: summary,
            action: .global(GlobalSetting(read: read, write: write)))
    }

    private static func flag(
        _ name: String, _ initial: Bool, _ reason: Reason,
        _ property: Property<Settings, Bool>, _ summary: String
    ) -> Directive {
        global(
            name, initial ? "yes" : "no", summary,
            read: { settings, words throws(Reason) in
                guard let flag = words[0].flag else { throw reason }
                settings[keyPath: property] = flag
            },
            write: { .value(flagWord($0[keyPath: property]), isDefault: $0[keyPath: property] == initial) })
    }
}
