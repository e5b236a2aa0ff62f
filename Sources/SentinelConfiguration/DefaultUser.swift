// SPDX-License-Identifier: Apache-2.0

import SentinelCore

extension UserDeclaration {
    /// Whether the rules leave the user on and unlimited, whatever its password: the form that rewriting generates.
    var allowsEverything: Bool {
        let rules = rules.map { $0.reveal() }
        let passwords = rules.filter(Self.isPassword)
        guard passwords.count <= 1 else { return false }
        let rest = Set(rules.filter { !Self.isPassword($0) }.map { Self.canonical($0.lowercasedText) })
        return rest.subtracting(["sanitize-payload"]) == ["on", "~*", "&*", "+@all"]
    }

    /// The default user where no line speaks of it.
    static let impliedDefault = UserDeclaration(
        name: Word("default"), rules: ["on", "nopass", "~*", "&*", "+@all"].map { Secret($0) })

    /// Whether this is what the default user is when no line speaks of it.
    package var isImpliedDefault: Bool {
        name == Word("default") && allowsEverything && rules.contains { $0.reveal().lowercasedText == "nopass" }
    }

    private static func isPassword(_ rule: Word) -> Bool {
        rule.first == UInt8(ascii: "#") || rule.first == UInt8(ascii: ">") || rule.lowercasedText == "nopass"
    }

    private static func canonical(_ rule: String) -> String {
        switch rule {
        case "allkeys": "~*"
        case "allchannels": "&*"
        case "allcommands": "+@all"
        default: rule
        }
    }
}
