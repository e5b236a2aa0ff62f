// SPDX-License-Identifier: Apache-2.0

package import CommandCatalogue
package import RESP

/// Whether a user may send a request.
package enum Verdict: Sendable, Hashable {
    case allowed
    case commandRefused(CommandEntry)
    case channelRefused([UInt8])

    /// The error to reply, with its code; `nil` when allowed.
    ///
    /// - Source: spec/commands.md 2, the texts of 7.2 and later.
    package func error(for user: UserName) -> [UInt8]? {
        switch self {
        case .allowed: nil
        case .commandRefused(let command):
            Array("NOPERM User ".utf8) + user.bytes
                + Array(" has no permissions to run the '\(command.fullName)' command".utf8)
        case .channelRefused: Array("NOPERM No permissions to access a channel".utf8)
        }
    }
}

extension User {
    /// Whether the user may send this request.
    ///
    /// Costs a test of a bit or two, and allocates nothing, for commands whose arguments don't matter.
    package func check(_ command: CommandEntry, _ request: Request) -> Verdict {
        if command.isAlwaysAllowed || root.allowsAnyRequest(of: command) { return .allowed }
        return checkSelectors(command, request)
    }

    /// The commands the user may send whatever their arguments are.
    package var unconditionalCommands: CommandSet {
        CommandSet(Catalogue.entries.filter { $0.isAlwaysAllowed || root.allowsAnyRequest(of: $0) })
    }

    /// Asks one selector after the other. If none allows the request, the answer of the one that got furthest counts.
    private func checkSelectors(_ command: CommandEntry, _ request: Request) -> Verdict {
        var furthest: Int?
        for selector in [root] + selectors {
            switch selector.check(command, request) {
            case .allowed: return .allowed
            case .commandRefused: break
            case .channelRefused(let position): furthest = max(furthest ?? position, position)
            }
        }
        return furthest.map { .channelRefused(Array(request[$0])) } ?? .commandRefused(command)
    }

    /// Whether the user may go on listening to a channel after its rules changed; if not, the connection is closed.
    package func mayListen(toChannel channel: ArraySlice<UInt8>) -> Bool {
        root.channels.allows(channel: channel) || selectors.contains { $0.channels.allows(channel: channel) }
    }

    /// Whether the user may go on listening to a pattern after its rules changed; if not, the connection is closed.
    package func mayListen(toPattern pattern: ArraySlice<UInt8>) -> Bool {
        root.channels.allows(pattern: pattern) || selectors.contains { $0.channels.allows(pattern: pattern) }
    }
}
