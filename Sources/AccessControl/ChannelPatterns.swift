// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import RESP

/// The channels a user may publish to and listen to.
struct ChannelPatterns: Sendable, Equatable {
    private(set) var allowsAll: Bool
    private var patterns: [[UInt8]] = []

    init(allowsAll: Bool) { self.allowsAll = allowsAll }

    mutating func allowAll() { self = ChannelPatterns(allowsAll: true) }
    mutating func reset() { self = ChannelPatterns(allowsAll: false) }

    /// Adds a pattern; `false` when all channels are allowed already.
    mutating func allow(_ pattern: [UInt8]) -> Bool {
        guard !pattern.elementsEqual("*".utf8) else {
            allowAll()
            return true
        }
        guard !allowsAll else { return false }
        if !patterns.contains(pattern) { patterns.append(pattern) }
        return true
    }

    func allows(channel: ArraySlice<UInt8>) -> Bool {
        allowsAll || patterns.contains { Glob.matches(pattern: $0, text: channel) }
    }

    /// Listening to a pattern takes the very same pattern among the rules: what a pattern covers is not compared.
    func allows(pattern: ArraySlice<UInt8>) -> Bool {
        allowsAll || patterns.contains { $0.elementsEqual(pattern) }
    }

    /// The position of the first channel in the request that isn't allowed.
    func firstRefused(of command: CommandEntry, in request: Request) -> Int? {
        guard !allowsAll else { return nil }
        let positions = command.channels.positions(count: request.count)
        switch command.channels {
        case .none: return nil
        case .channel, .channels: return positions.first { !allows(channel: request[$0]) }
        case .patterns: return positions.first { !allows(pattern: request[$0]) }
        }
    }

    /// For ACL GETUSER.
    var words: [[UInt8]] { allowsAll ? [Array("&*".utf8)] : patterns.map { Array("&".utf8) + $0 } }
}
