// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import RESP

/// Permissions that hold together: a request is allowed when one of the user's selectors allows all of it.
///
/// Every user has one that its plain rules are about, and those added in parentheses.
struct Selector: Sendable, Equatable {
    private(set) var commands: CommandRules
    private(set) var keys = KeyPatterns()
    private(set) var channels: ChannelPatterns

    /// Allows nothing, but perhaps all channels.
    init(allChannels: Bool) {
        commands = CommandRules(allowsAll: false)
        channels = ChannelPatterns(allowsAll: allChannels)
    }

    /// Allows all commands, keys and channels.
    mutating func allowEverything() {
        commands = CommandRules(allowsAll: true)
        keys.allowAll()
        channels.allowAll()
    }

    mutating func apply(_ rule: SelectorRule) throws(RuleProblem) {
        switch rule {
        case .allKeys: keys.allowAll()
        case .resetKeys: keys.reset()
        case .key(let pattern): guard keys.allow(pattern) else { throw .keyAfterAll }
        case .allChannels: channels.allowAll()
        case .resetChannels: channels.reset()
        case .channel(let pattern): guard channels.allow(pattern) else { throw .channelAfterAll }
        case .allCommands(let allowed): commands = CommandRules(allowsAll: allowed)
        case .category(let category, let allowed): commands.set(category, allowed: allowed)
        case .command(let command, let allowed): commands.set(command, allowed: allowed)
        case .firstArgument(let command, let argument): commands.allow(command, firstArgument: argument)
        case .nothing: break
        }
    }

    enum Answer: Sendable, Hashable {
        case allowed
        case commandRefused
        /// The channel at this position of the request.
        case channelRefused(Int)
    }

    func check(_ command: CommandEntry, _ request: Request) -> Answer {
        guard commands.allows(command, firstArgument: request.count > 1 ? request[1] : nil) else {
            return .commandRefused
        }
        return channels.firstRefused(of: command, in: request).map(Answer.channelRefused) ?? .allowed
    }

    /// Whether the command is allowed whatever its arguments are; one test of a bit or two.
    func allowsAnyRequest(of command: CommandEntry) -> Bool {
        commands.allowed.contains(command) && (command.channels == .none || channels.allowsAll)
    }

    /// The rules that make an empty selector this one.
    var words: [[UInt8]] {
        keys.words + (channels.allowsAll ? [] : [Array("resetchannels".utf8)]) + channels.words + commands.words
    }
}
