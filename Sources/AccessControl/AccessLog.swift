// SPDX-License-Identifier: Apache-2.0

package import CommandCatalogue

/// What was refused of late, for ACL LOG.
///
/// The same refusal again, within a minute of the last time and while it is among the ten latest, counts one up and
/// moves to the front instead of making an entry of its own.
///
/// - Source: spec/commands.md 4.6; the minute, counted from the last time, and the ten as redis-sentinel 8.2.3 has
///   them.
package struct AccessLog: Sendable {
    private static let groupingMilliseconds = 60_000
    private static let groupingDepth = 10
    /// Bytes of each name that are remembered: whoever is refused chooses them.
    package static let longestName = 1024

    /// What was refused.
    package enum Refusal: Sendable, Hashable {
        /// A password; `command` is AUTH or HELLO.
        case authentication(command: String)
        case command(CommandEntry)
        case channel([UInt8])

        package var reason: String {
            switch self {
            case .authentication: "auth"
            case .command: "command"
            case .channel: "channel"
            }
        }

        package var object: [UInt8] {
            switch self {
            case .authentication(let command): Array(command.uppercased().utf8)
            case .command(let command): Array(command.fullName.utf8)
            case .channel(let channel): channel
            }
        }

        /// Without what is beyond the longest name that is remembered.
        fileprivate var cut: Refusal {
            switch self {
            case .authentication, .command: self
            case .channel(let channel): .channel(Array(channel.prefix(AccessLog.longestName)))
            }
        }

        /// What the verdict refused, if it did.
        package init?(_ verdict: Verdict) {
            switch verdict {
            case .allowed: return nil
            case .commandRefused(let command): self = .command(command)
            case .channelRefused(let channel): self = .channel(channel)
            }
        }
    }

    /// One refusal, and how often it came. The context is always `toplevel` here.
    package struct Entry: Sendable, Hashable {
        package let id: Int
        package let refusal: Refusal
        package let user: UserName
        package fileprivate(set) var count = 1
        /// The line of CLIENT LIST at the last time.
        package fileprivate(set) var client: String
        /// Milliseconds since 1970.
        package let createdAt: Int
        /// Milliseconds since 1970.
        package fileprivate(set) var updatedAt: Int

        /// Seconds since the last time; none if the clock was set back.
        ///
        /// - Parameter now: Milliseconds since 1970.
        package func ageSeconds(at now: Int) -> Double { Double(max(0, now - updatedAt)) / 1000 }
    }

    /// The latest first.
    package private(set) var entries: [Entry] = []
    private var nextID = 0
    private let maximumLength: Int

    /// - Parameter maximumLength: How many entries are kept; `acllog-max-len`.
    package init(maximumLength: Int = 128) { self.maximumLength = max(0, maximumLength) }

    /// - Parameters:
    ///   - user: The user of the connection, or the name offered to AUTH.
    ///   - now: Milliseconds since 1970.
    package mutating func note(_ refusal: Refusal, user: UserName, client: String, at now: Int) {
        let (refusal, user) = (refusal.cut, UserName(user.bytes.prefix(Self.longestName)))
        let known = entries.prefix(Self.groupingDepth).firstIndex {
            $0.refusal == refusal && $0.user == user && now - $0.updatedAt <= Self.groupingMilliseconds
        }
        if let known {
            var entry = entries.remove(at: known)
            entry.count += 1
            entry.client = client
            entry.updatedAt = now
            entries.insert(entry, at: 0)
        } else if maximumLength > 0 {
            let entry = Entry(id: nextID, refusal: refusal, user: user, client: client, createdAt: now, updatedAt: now)
            nextID += 1
            entries.insert(entry, at: 0)
            if entries.count > maximumLength { entries.removeLast() }
        }
    }

    /// ACL LOG RESET. Numbers go on.
    package mutating func removeAll() { entries = [] }
}
