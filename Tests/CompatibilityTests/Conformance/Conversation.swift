// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

// What is said to both programs stands in text files, `Conversations/*.txt`:
//
//     == title                      a conversation; its connections are new, and so is the sentinel ...
//     watching                      ... unless it is about the pair that watches real servers
//     config requirepass secret     a line for the configuration file of the new sentinel
//     file users.acl user x on      a line of a file beside it; a file `*.sh` can be run
//     unwritable                    once it runs, the directories of both are gone
//     resp2                         only in that protocol; else everything is said twice, after HELLO 3 as well
//     > PING "a\x00b"               a request: words, quoted as in redis-cli, on connection `a`
//     b x2 kinds > SUBSCRIBE c d    on connection `b`, with two replies, of which a view is compared
//     >> "PING\r\n"                 bytes as they are
//     b < a message                 nothing is sent, and one reply read; the words are for the reader
//     x3 unordered <                three replies in any order
//     silent <                      nothing is sent, and nothing comes
//     until=running > SENTINEL ...  sent again until this is in the reply
//     ~quit > QUIT                  the replies differ: a row of Docs/differences.md, and how ...
//         | here +OK
//         | there -ERR unknown command 'QUIT', with args beginning with:
//                                   (with `2|` or `3|`, only in that protocol)
//
// In words, `{name}` stands for something of the situation (see `Situation`) and `{65536*x}` for a long text.

/// Requests to a sentinel, and what of its replies is compared.
struct Conversation: Sendable, CustomStringConvertible {
    let title: String
    /// About the pair of sentinels that watches real servers, not about new ones that watch nothing.
    fileprivate(set) var isWatching = false
    fileprivate(set) var configuration: [String] = []
    fileprivate(set) var files: [(name: String, line: String)] = []
    /// Whether the directories are gone once the sentinel runs, so that nothing can be saved.
    fileprivate(set) var losesDirectories = false
    fileprivate(set) var protocols = [2, 3]
    fileprivate(set) var exchanges: [Exchange] = []

    var description: String { title }

    /// One line: what is sent and what comes back.
    struct Exchange: Sendable {
        enum Message: Sendable {
            case words([String])
            case bytes(String)
            case nothing
        }

        let lineNumber: Int
        let text: String
        fileprivate(set) var client = "a"
        fileprivate(set) var replies = 1
        fileprivate(set) var view = View.whole
        /// The names of rows in `Docs/differences.md`.
        fileprivate(set) var differences: [String] = []
        /// How the replies differ in each protocol; see `difference(here:there:)`.
        fileprivate(set) var recorded: [Int: [String]] = [:]
        fileprivate(set) var isSilent = false
        fileprivate(set) var isUnordered = false
        /// What the reply must contain, spaces left out; until it does, the request is sent again.
        fileprivate(set) var awaited: [String] = []
        fileprivate(set) var message = Message.nothing
    }

    /// How many requests are sent with an eye on the reply, in all protocols.
    var pairs: Int {
        let requests = exchanges.count {
            if case .nothing = $0.message { false } else { true }
        }
        return requests * protocols.count
    }
}

/// A file of conversations.
struct ConversationFile: Sendable, CustomTestStringConvertible {
    let path: String
    let conversations: [Conversation]

    var name: String { ((path as NSString).lastPathComponent as NSString).deletingPathExtension }
    var testDescription: String { name }

    struct Malformed: Error, CustomStringConvertible {
        let path: String
        let line: Int
        let text: String
        var description: String { "\(path):\(line) is not understood: \(text)" }
    }

    static let all: Result<[ConversationFile], any Error> = Result {
        let directory = Programs.repository + "/Tests/CompatibilityTests/Conformance/Conversations"
        return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".txt") }.sorted()
            .map { try ConversationFile(path: "\(directory)/\($0)") }
    }

    private init(path: String) throws {
        self.path = path
        var conversations: [Conversation] = []
        let lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        for (index, line) in lines.enumerated() {
            let malformed = Malformed(path: path, line: index + 1, text: line)
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.isEmpty || text.hasPrefix("#") { continue }
            if text.hasPrefix("== ") {
                conversations.append(Conversation(title: String(text.dropFirst(3))))
                continue
            }
            guard var conversation = conversations.popLast() else { throw malformed }
            defer { conversations.append(conversation) }
            if let (protocols, difference) = Self.recordedDifference(text) {
                guard !conversation.exchanges.isEmpty else { throw malformed }
                for version in protocols {
                    conversation.exchanges[conversation.exchanges.count - 1].recorded[version, default: []].append(
                        difference)
                }
            } else if !conversation.readSetting(text) {
                guard let exchange = Conversation.Exchange(text, lineNumber: index + 1) else { throw malformed }
                conversation.exchanges.append(exchange)
            }
        }
        self.conversations = conversations
    }

    /// Reads `| text`, or `2| text` where only one protocol is meant.
    private static func recordedDifference(_ line: String) -> (protocols: [Int], text: String)? {
        let parts = line.split(separator: "| ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "": return ([2, 3], parts[1])
        case "2": return ([2], parts[1])
        case "3": return ([3], parts[1])
        default: return nil
        }
    }
}

extension Conversation {
    fileprivate init(title: String) { self.title = title }

    /// Takes in a line about the situation; `false` if it is none.
    fileprivate mutating func readSetting(_ text: String) -> Bool {
        let words = text.split(separator: " ", maxSplits: 2).map(String.init)
        switch words[0] {
        case "watching": isWatching = true
        case "unwritable": losesDirectories = true
        case "resp2": protocols = [2]
        case "resp3": protocols = [3]
        case "config": configuration.append(String(text.dropFirst("config ".count)))
        case "file" where words.count == 3: files.append((words[1], words[2]))
        default: return false
        }
        return true
    }
}

extension Conversation.Exchange {
    /// Reads a line with `>`, `>>` or `<`.
    fileprivate init?(_ line: String, lineNumber: Int) {
        self.lineNumber = lineNumber
        text = line
        let words = line.components(separatedBy: " ")
        guard let position = words.firstIndex(where: { [">", ">>", "<"].contains($0) }) else { return nil }
        for word in words[..<position] {
            if word.hasPrefix("~") {
                differences.append(String(word.dropFirst()))
            } else if word.hasPrefix("x"), let count = Int(word.dropFirst()) {
                replies = count
            } else if word == "silent" {
                isSilent = true
            } else if word.hasPrefix("until=") {
                awaited.append(String(word.dropFirst("until=".count)))
            } else if word == "unordered" {
                isUnordered = true
            } else if let view = View(rawValue: word) {
                self.view = view
            } else if word.count == 1 {
                client = word
            } else {
                return nil
            }
        }
        if words[position] == "<" { return }
        guard let arguments = Self.words(words[(position + 1)...].joined(separator: " ")) else { return nil }
        message = words[position] == ">" ? .words(arguments) : .bytes(arguments.joined())
    }

    /// Splits as redis-cli does. In double quotes `\xNN`, `\r`, `\n` and `\t` are understood, in single ones nothing;
    /// bytes become the code points up to U+00FF.
    private static func words(_ text: String) -> [String]? {
        var words: [String] = []
        var rest = text[...]
        while let first = rest.first {
            if first == " " {
                rest = rest.dropFirst()
            } else if first == "\"" || first == "'" {
                rest = rest.dropFirst()
                var word = ""
                while let next = rest.first, next != first {
                    rest = rest.dropFirst()
                    guard next == "\\", first == "\"", let escaped = rest.popFirst() else {
                        word.append(next)
                        continue
                    }
                    switch escaped {
                    case "n": word.append("\u{0A}")
                    case "r": word.unicodeScalars.append("\u{0D}")
                    case "t": word.append("\u{09}")
                    case "x":
                        guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
                        word.unicodeScalars.append(UnicodeScalar(byte))
                        rest = rest.dropFirst(2)
                    default: word.append(escaped)
                    }
                }
                guard !rest.isEmpty else { return nil }
                rest = rest.dropFirst()
                words.append(word)
            } else {
                let word = rest.prefix { $0 != " " }
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            }
        }
        return words
    }
}
