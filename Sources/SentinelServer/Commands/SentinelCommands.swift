// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP
import SentinelCore
import SentinelWire
import TransportSecurity

/// SENTINEL.
///
/// - Source: spec/commands.md 6.
enum SentinelCommands {
    static let handlers: [String: CommandTable.Handler] = Dictionary(
        uniqueKeysWithValues: SentinelSubcommand.all.map { ("sentinel|\($0.name)", handler(for: $0)) })

    private static func handler(for subcommand: SentinelSubcommand) -> CommandTable.Handler {
        { port, client, request in
            let parsed = subcommand.parse(request) {
                CommandContext(
                    masterNames: { port.owner.masterNames }, isWatched: { port.owner.isWatched($0) },
                    timing: port.owner.timing,
                    deniesScriptReconfiguration: port.deniesScriptReconfiguration,
                    isExecutable: { ProcessFacts.canExecute($0) })
            }
            switch parsed {
            case .command(let command): port.ask(command, for: client)
            case .refused(let text): port.refuse(client, text)
            case .reloadCertificates: reloadCertificates(port, client)
            }
        }
    }

    private static func reloadCertificates(_ port: ClientPort, _ client: Client) {
        do throws(TLSError) {
            try port.owner.reloadCertificates()
            client.encoder.simple("OK")
        } catch {
            port.refuse(client, "ERR \(error.description)")
        }
    }
}
