// SPDX-License-Identifier: Apache-2.0

import RESP
import SentinelCore

/// INFO, ROLE and SHUTDOWN.
///
/// - Source: spec/commands.md 5.1 to 5.3.
enum ServerCommands {
    static let handlers: [String: CommandTable.Handler] = [
        "info": { port, client, request in
            client.infoSections = (1..<request.count).map { request.text($0).lowercased() }
            client.countErrors()
            port.ask(.summary, for: client)
        },
        "role": { port, client, _ in
            client.encoder.arrayHeader(2)
            client.encoder.bulk("sentinel")
            let names = port.owner.masterNames
            client.encoder.arrayHeader(names.count)
            for name in names { client.encoder.bulk(name.text) }
        },
        "shutdown": { port, client, request in
            var words = Set((1..<request.count).map { request.text($0).lowercased() })
            if words == ["abort"] { return port.refuse(client, "ERR No shutdown in progress.") }
            words.subtract(["now", "force"])
            guard words.isEmpty || words == ["save"] || words == ["nosave"] else {
                return port.refuse(client, "ERR syntax error")
            }
            port.owner.shutDown(reason: "User requested shutdown...")
        },
    ]
}
