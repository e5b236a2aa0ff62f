// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP
import SentinelCore
import SentinelWire

/// SENTINEL.
///
/// - Source: spec/commands.md 6.
enum SentinelCommands {
    static func handler(for name: String) -> CommandTable.Handler? {
        guard let subcommand = SentinelSubcommand.named(name) else { return nil }
        return { port, client, request in
            let parsed = subcommand.parse(request) {
                CommandContext(
                    masterNames: { port.owner.masterNames }, timing: port.owner.timing,
                    deniesScriptReconfiguration: port.deniesScriptReconfiguration,
                    isExecutable: { ProcessFacts.canExecute($0) })
            }
            switch parsed {
            case .command(let command): port.ask(command, for: client)
            case .refused(let text): port.refuse(client, text)
            case .lines(let lines):
                client.encoder.arrayHeader(lines.count)
                for line in lines { client.encoder.simple(line) }
            }
        }
    }
}
