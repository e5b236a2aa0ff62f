// SPDX-License-Identifier: Apache-2.0

/// The keys a user may read and write. No sentinel command has keys; they are kept so that the rules of a user meant
/// for data nodes too load, show and save unchanged.
struct KeyPatterns: Sendable, Equatable {
    struct Access: OptionSet, Sendable, Hashable {
        let rawValue: UInt8
        static let read = Access(rawValue: 1)
        static let write = Access(rawValue: 2)
        static let both: Access = [.read, .write]
    }

    struct Pattern: Sendable, Equatable {
        let text: [UInt8]
        var access: Access

        var isEverything: Bool { access == .both && text.elementsEqual("*".utf8) }

        var description: [UInt8] {
            switch access {
            case .read: Array("%R~".utf8) + text
            case .write: Array("%W~".utf8) + text
            default: Array("~".utf8) + text
            }
        }
    }

    private(set) var allowsAll = false
    private var patterns: [Pattern] = []

    mutating func allowAll() {
        allowsAll = true
        patterns = []
    }

    mutating func reset() { self = KeyPatterns() }

    /// Adds a pattern, or widens the one with the same text; `false` when all keys are allowed already.
    mutating func allow(_ pattern: Pattern) -> Bool {
        guard !pattern.isEverything else {
            allowAll()
            return true
        }
        guard !allowsAll else { return false }
        if let known = patterns.firstIndex(where: { $0.text == pattern.text }) {
            patterns[known].access.formUnion(pattern.access)
        } else {
            patterns.append(pattern)
        }
        return true
    }

    var words: [[UInt8]] { allowsAll ? [Array("~*".utf8)] : patterns.map(\.description) }
}
