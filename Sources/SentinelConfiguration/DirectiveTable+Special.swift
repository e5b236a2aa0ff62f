// SPDX-License-Identifier: Apache-2.0

/// General directives whose arguments have a form of their own.
extension DirectiveTable {
    static let mostBindAddresses = 16

    @Sendable static func readBind(_ settings: inout ServerSettings, _ words: [Word]) throws(Reason) {
        guard words.count <= mostBindAddresses else { throw .tooManyBindAddresses }
        var addresses: [BindAddress] = []
        for word in words where words != [[]] {
            let text = try word.text()
            let isOptional = text.first == "-"
            addresses.append(BindAddress(host: isOptional ? String(text.dropFirst()) : text, isOptional: isOptional))
        }
        settings.bindAddresses = addresses
    }

    @Sendable static func writeBind(_ settings: ServerSettings) -> [Word] {
        guard !settings.bindAddresses.isEmpty else { return [[]] }
        return settings.bindAddresses.map { Word(($0.isOptional ? "-" : "") + $0.host) }
    }

    @Sendable static func readPermissions(_ settings: inout ServerSettings, _ words: [Word]) throws(Reason) {
        guard let word = words.first else { throw .wrongNumberOfArguments }
        guard !word.isEmpty else {
            settings.unixSocketPermissions = 0
            return
        }
        guard let mode = Int(String(decoding: word, as: UTF8.self), radix: 8) else { throw .notOctal }
        guard (0...0o777).contains(mode) else { throw .outOfRange(from: "0", to: "777") }
        settings.unixSocketPermissions = mode
    }

    @Sendable static func writePermissions(_ settings: ServerSettings) -> [Word] {
        [Word(String(settings.unixSocketPermissions, radix: 8))]
    }

    @Sendable static func readOutOfMemoryScores(_ settings: inout ServerSettings, _ words: [Word]) throws(Reason) {
        let scores = words.compactMap { $0.number(Int.self) }
        guard words.count == 3, scores.count == 3, scores.allSatisfy({ (-2000...2000).contains($0) }) else {
            throw .badOutOfMemoryScores
        }
        settings.outOfMemoryScores = OutOfMemoryScores(
            master: scores[0], replica: scores[1], backgroundChild: scores[2])
    }

    @Sendable static func writeOutOfMemoryScores(_ settings: ServerSettings) -> [Word] {
        let scores = settings.outOfMemoryScores
        return [scores.master, scores.replica, scores.backgroundChild].map { Word("\($0)") }
    }

    /// Takes a template whose variables, words between braces, are all known.
    @Sendable static func readTitleTemplate(_ settings: inout ServerSettings, _ words: [Word]) throws(Reason) {
        guard let word = words.first else { throw .wrongNumberOfArguments }
        let known = ["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"]
        let template = try word.text()
        var rest = template[...]
        while let opening = rest.firstIndex(of: "{") {
            rest = rest[rest.index(after: opening)...]
            if rest.first == "{" {
                rest = rest.dropFirst()
                continue
            }
            guard let closing = rest.firstIndex(of: "}"), known.contains(String(rest[..<closing])) else {
                throw .badTitleTemplate
            }
            rest = rest[rest.index(after: closing)...]
        }
        guard !template.isEmpty else { throw .badTitleTemplate }
        settings.processTitleTemplate = template
    }

    /// Groups of four words: class, hard limit, soft limit, seconds. Classes that are not named stay as they are.
    @Sendable static func readBufferLimits(_ settings: inout ServerSettings, _ words: [Word]) throws(Reason) {
        guard words.count.isMultiple(of: 4) else { throw .badBufferLimitCount }
        for start in stride(from: 0, to: words.count, by: 4) {
            let property: WritableKeyPath<ServerSettings, OutputBufferLimit>
            switch words[start].lowercasedText {
            case "normal": property = \.normalLimit
            case "slave", "replica": property = \.replicaLimit
            case "pubsub": property = \.pubsubLimit
            default: throw .badBufferLimitClass
            }
            guard let hard = MemorySize.bytes(of: words[start + 1]), let soft = MemorySize.bytes(of: words[start + 2]),
                let seconds = words[start + 3].number(Int.self), seconds >= 0
            else { throw .badBufferLimit }
            settings[keyPath: property] = OutputBufferLimit(hardBytes: hard, softBytes: soft, softSeconds: seconds)
        }
    }

    @Sendable static func writeBufferLimits(_ settings: ServerSettings) -> [Word] {
        let limits = [
            ("normal", settings.normalLimit), ("slave", settings.replicaLimit), ("pubsub", settings.pubsubLimit),
        ]
        return limits.flatMap { name, limit in
            [name, "\(limit.hardBytes)", "\(limit.softBytes)", "\(limit.softSeconds)"].map { Word($0) }
        }
    }
}
