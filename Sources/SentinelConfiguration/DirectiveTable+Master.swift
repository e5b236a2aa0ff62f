// SPDX-License-Identifier: Apache-2.0

import SentinelCore

extension DirectiveTable {
    /// What an operator tells us about one master.
    static let masterRows: [Directive] = [
        monitor,
        duration(
            "down-after-milliseconds", .seconds(30), \.downAfter, leastMilliseconds: 1, .notPositiveTime,
            "Silence after which this sentinel takes an instance of the group for down."),
        duration(
            "failover-timeout", .seconds(180), \.failoverTimeout, leastMilliseconds: 1, .notPositiveTime,
            "Bound of each step of a failover; twice that passes before the next attempt, unless votes were split."),
        master(
            "parallel-syncs", 2...2, "1", "Replicas that are pointed at a new master at the same time.",
            MasterSetting(
                read: { master, words throws(Reason) in
                    guard let count = words[0].number(Int.self) else { throw .notAnInteger }
                    master.parallelSyncs = max(0, min(count, 0x7FFF_FFFF))
                },
                write: { [.value(Word("\($0.parallelSyncs)"), isDefault: $0.parallelSyncs == 1)] })),
        script(
            "notification-script", .notificationScript, \.notificationScript,
            "Program to run for each warning about the group."),
        script(
            "client-reconfig-script", .reconfigurationScript, \.clientReconfigScript,
            "Program to run when the master's address changes."),
        {
            var row = master(
                "auth-pass", 2...2, "", "Password for the data nodes of the group.",
                MasterSetting(
                    read: { master, words throws(Reason) in
                        master.authPassword = words[0].isEmpty ? nil : Secret(words[0])
                    },
                    write: { [.optional($0.authPassword?.reveal())] }))
            row.secretAfter = 3
            return row
        }(),
        master(
            "auth-user", 2...2, "", "User name for the data nodes of the group.",
            MasterSetting(
                read: { master, words throws(Reason) in
                    master.authUser = words[0].isEmpty ? nil : try words[0].text()
                },
                write: { [.optional($0.authUser.map { Word($0) })] })),
        duration(
            "master-reboot-down-after-period", .zero, \.masterRebootDownAfter, leastMilliseconds: 0, .negativeTime,
            aliases: ["primary-reboot-down-after-period"],
            "How long a restarted master may load its data before it counts as down; 0 for any time."),
    ]

    /// What we remember about one master ourselves, and what stands after that in the original's block.
    static let rememberedRows: [Directive] = [
        epoch("config-epoch", \.configEpoch, "Epoch of the failover that brought this master."),
        epoch("leader-epoch", \.leaderEpoch, "Epoch of the last vote cast for this group."),
        master(
            "known-replica", 3...3, "", "A replica that was seen.", aliases: ["known-slave"],
            MasterSetting(
                check: .address, identity: { $0 }, duplicate: .duplicateReplica,
                read: { master, words throws(Reason) in
                    master.knownReplicas.append(try endpoint(words[0], words[1]))
                },
                write: { master in
                    master.knownReplicas.map { GeneratedValue([Word($0.host), Word("\($0.port)")]) }
                })),
        master(
            "known-sentinel", 3...4, "", "Another sentinel that was seen, with its identity.",
            MasterSetting(
                check: .address, identity: { Array($0.dropFirst(2)) }, duplicate: .duplicateSentinel,
                read: { master, words throws(Reason) in
                    let address = try endpoint(words[0], words[1])
                    guard words.count == 3, let runID = RunID(try words[2].text()) else { return }
                    let sentinel = KnownSentinel(address: address, runID: runID)
                    if let index = master.knownSentinels.firstIndex(where: { $0.runID == runID }) {
                        master.knownSentinels[index] = sentinel
                    } else {
                        master.knownSentinels.append(sentinel)
                    }
                },
                write: { master in
                    master.knownSentinels.map {
                        GeneratedValue([Word($0.address.host), Word("\($0.address.port)"), Word($0.runID.text)])
                    }
                })),
        renamedCommand,
    ]

    static let monitor = Directive(
        name: "monitor", arguments: 4...4, initial: "", scope: .master,
        summary: "Watches a master: its name, host, port and the sentinels that must agree before it is down.",
        action: .monitor)

    /// The name of a command at the data nodes; where that is its own, what another file says is taken back.
    static let renamedCommand = master(
        "rename-command", 3...3, "", "The name under which the data nodes know a command.",
        MasterSetting(
            identity: { $0.prefix(1).map { Word($0.lowercasedText) } }, duplicate: .duplicateRename,
            read: { master, words throws(Reason) in
                let rename = RenamedCommand(command: try words[0].text(), name: try words[1].text())
                let command = words[0].lowercasedText
                if let index = master.renamedCommands.firstIndex(where: {
                    Word($0.command).lowercasedText == command
                }) {
                    master.renamedCommands[index] = rename
                } else {
                    master.renamedCommands.append(rename)
                }
            },
            write: { master in
                master.renamedCommands.map { GeneratedValue([Word($0.command), Word($0.name)]) }
            }))

    static func endpoint(_ host: Word, _ port: Word) throws(Reason) -> Endpoint {
        guard let port = port.number(UInt16.self) else { throw .badPort }
        return Endpoint(host: try host.text(), port: port)
    }

    private static func master(
        _ name: String, _ arguments: ClosedRange<Int>, _ initial: String, _ summary: String, aliases: [String] = [],
        _ setting: MasterSetting
    ) -> Directive {
        Directive(
            name: name, aliases: aliases, arguments: arguments, initial: initial, scope: .master, summary: summary,
            action: .master(setting))
    }

    private static func duration(
        _ name: String, _ initial: Duration, _ property: Property<MasterSettings, Duration>,
        leastMilliseconds: Int64, _ reason: Reason, aliases: [String] = [], _ summary: String
    ) -> Directive {
        master(
            name, 2...2, String(decoding: millisecondsWord(initial), as: UTF8.self), summary, aliases: aliases,
            MasterSetting(
                read: { master, words throws(Reason) in
                    guard let milliseconds = words[0].number(Int64.self), milliseconds >= leastMilliseconds else {
                        throw reason
                    }
                    master[keyPath: property] = .milliseconds(milliseconds)
                },
                write: {
                    [.value(millisecondsWord($0[keyPath: property]), isDefault: $0[keyPath: property] == initial)]
                }))
    }

    private static func script(
        _ name: String, _ reason: Reason, _ property: Property<MasterSettings, String?>,
        _ summary: String
    ) -> Directive {
        master(
            name, 2...2, "", summary,
            MasterSetting(
                check: .executable(reason),
                read: { master, words throws(Reason) in
                    master[keyPath: property] = words[0].isEmpty ? nil : try words[0].text()
                },
                write: { [.optional($0[keyPath: property].map { Word($0) })] }))
    }

    private static func epoch(
        _ name: String, _ property: Property<MasterSettings, Epoch>, _ summary: String
    ) -> Directive {
        master(
            name, 2...2, "0", summary,
            MasterSetting(
                read: { master, words throws(Reason) in master[keyPath: property] = try epoch(words[0]) },
                write: { [GeneratedValue([Word("\($0[keyPath: property])")])] }))
    }
}
