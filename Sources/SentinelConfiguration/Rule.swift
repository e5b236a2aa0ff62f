// SPDX-License-Identifier: Apache-2.0

/// What the arguments of a directive without effect must look like.
///
/// The original checks them although a sentinel never uses them, and so do we: a file with a typing error is refused
/// by both, for the same reason.
/// - Source: the answers of Debian's redis-sentinel 7.0.15 to good and bad values of every name it lists.
package enum Rule: Sendable {
    case anything
    case flag
    case integer(ClosedRange<Int>)
    case memory(ClosedRange<UInt64>)
    case memoryOrPercentage
    case oneOf([String])
    case fileName(kind: String, mayBeEmpty: Bool)
    case hostname
    case eventClasses
    case masterAddress
    case savePoints
    case percentiles
    case shutdownOptions

    /// Judges the words behind a directive's name by what a server would take.
    ///
    /// - Throws: What is wrong with them.
    package func check(_ words: [Word], of directive: String) throws(Reason) {
        switch self {
        case .anything: break
        case .flag: if words.first?.flag == nil { throw .notYesOrNo }
        case .integer(let range): for word in words { _ = try word.integer(in: range) }
        case .memory(let range): for word in words { _ = try MemorySize.bytes(of: word, in: range) }
        case .memoryOrPercentage: for word in words { try Self.checkMemoryOrPercentage(word) }
        case .oneOf(let choices):
            guard words.allSatisfy({ choices.contains($0.lowercasedText) }) else { throw .notOneOf(choices) }
        case .fileName(let kind, let mayBeEmpty):
            for word in words {
                if word.contains(UInt8(ascii: "/")) { throw .notAFileName(directive: directive, kind: kind) }
                if word.isEmpty, !mayBeEmpty { throw .emptyFileName(directive: directive) }
            }
        case .hostname: guard words.allSatisfy({ $0.allSatisfy(Self.isHostnameByte) }) else { throw .badHostname }
        case .eventClasses:
            let known = Word("Ag$lshzxeKEtmdn")
            guard words.allSatisfy({ $0.allSatisfy(known.contains) }) else { throw .badEventClass }
        case .masterAddress: try Self.checkMasterAddress(words)
        case .savePoints: try Self.checkSavePoints(words)
        case .percentiles: try Self.checkPercentiles(words)
        case .shutdownOptions:
            let choices = ["default", "save", "nosave", "now", "force"]
            let options = words.map(\.lowercasedText)
            guard !options.isEmpty, options.allSatisfy(choices.contains) else { throw .notOneOf(choices) }
            guard !options.contains("save") || !options.contains("nosave") else { throw .contradictoryShutdown }
        }
    }

    private static func checkMemoryOrPercentage(_ word: Word) throws(Reason) {
        if word.last == UInt8(ascii: "%") {
            guard word.first != UInt8(ascii: "+"), let percentage = Word(word.dropLast()).number(UInt64.self) else {
                throw .notAMemorySizeOrPercentage
            }
            guard percentage <= 100 else { throw .percentageTooLarge }
        } else if MemorySize.bytes(of: word) == nil {
            throw .notAMemorySizeOrPercentage
        }
    }

    private static func checkMasterAddress(_ words: [Word]) throws(Reason) {
        guard words.count == 2 else { throw .wrongNumberOfArguments }
        if words[0].lowercasedText == "no", words[1].lowercasedText == "one" { return }
        if words == [[], []] { return }
        guard let port = words[1].number(Int.self), (0...65535).contains(port) else { throw .badMasterPort }
    }

    private static func checkSavePoints(_ words: [Word]) throws(Reason) {
        if words.isEmpty || words == [[]] { return }
        guard words.count.isMultiple(of: 2) else { throw .badSave }
        for (index, word) in words.enumerated() {
            let least = index.isMultiple(of: 2) ? 1 : 0
            guard let number = word.number(Int.self), number >= least else { throw .badSave }
        }
    }

    private static func checkPercentiles(_ words: [Word]) throws(Reason) {
        if words == [[]] { return }
        for word in words {
            guard let number = Double(String(decoding: word, as: UTF8.self)) else { throw .badPercentiles }
            guard (0...100).contains(number) else { throw .percentilesOutOfRange }
        }
    }

    private static func isHostnameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
