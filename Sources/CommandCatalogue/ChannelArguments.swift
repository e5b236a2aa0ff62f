// SPDX-License-Identifier: Apache-2.0

/// Which words of a request are channels that the user must be allowed to use.
///
/// Leaving a channel needs no permission, so the UNSUBSCRIBE commands have none.
///
/// - Source: spec/commands.md 4.6; ACL DRYRUN of redis-sentinel 7.0.15 and 8.2.3.
package enum ChannelArguments: Sendable, Hashable {
    case none
    /// The word at this position is a channel.
    case channel(at: Int)
    /// All words from this position on are channels.
    case channels(from: Int)
    /// All words from this position on are patterns, allowed only where the user has the very same pattern.
    case patterns(from: Int)

    /// The positions in a request of `count` words, the command's name at 0.
    package func positions(count: Int) -> Range<Int> {
        switch self {
        case .none: 0..<0
        case .channel(let position): position < count ? position..<position + 1 : 0..<0
        case .channels(let first), .patterns(let first): min(first, count)..<count
        }
    }
}
