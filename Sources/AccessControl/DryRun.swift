// SPDX-License-Identifier: Apache-2.0

package import CommandCatalogue
package import RESP

/// The answer of ACL DRYRUN.
package enum DryRun: Sendable, Hashable {
    case allowed
    /// Why not; a bulk string, not an error.
    case refused([UInt8])
    case error(ErrorText)
}

extension Users {
    /// Whether a user could run a request, without running it.
    ///
    /// - Parameters:
    ///   - request: The request to try, its command first; not empty.
    ///   - names: What commands are called.
    /// - Source: spec/commands.md 4.6; redis-sentinel 8.2.3.
    package func dryRun(_ name: UserName, _ request: Request, _ names: CommandNames) -> DryRun {
        guard let user = self[name] else { return .error("ERR User '\(name.bytes)' not found") }
        let second = request.count > 1 ? request[1] : nil
        guard case .found(let command) = names.resolve(request[0], second) else {
            return .error("ERR Command '\(request[0])' not found")
        }
        guard command.accepts(count: request.count) else { return .error(ErrorText(command.wrongArity)) }
        switch user.check(command, request) {
        case .allowed: return .allowed
        case .commandRefused:
            return .refused(
                Self.quote("User ", name.bytes, " has no permissions to run the '\(command.fullName)' command"))
        case .channelRefused(let channel):
            return .refused(
                Self.quote("User ", name.bytes, " has no permissions to access the '") + channel
                    + Array("' channel".utf8))
        }
    }

    private static func quote(_ before: String, _ bytes: [UInt8], _ after: String) -> [UInt8] {
        Array(before.utf8) + bytes + Array(after.utf8)
    }
}
