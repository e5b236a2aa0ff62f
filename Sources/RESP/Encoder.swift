// SPDX-License-Identifier: Apache-2.0

/// Writes replies, and the commands we send, one after the other into one array of bytes.
///
/// A header (`arrayHeader`, `mapHeader`, …) announces values; writing as many of them is up to the caller. What RESP2
/// has no type for becomes what the original sends instead.
///
/// - Source: spec/commands.md 3.
package struct Encoder: Sendable {
    package var version: ProtocolVersion
    /// All that was written since the start or the last `takeBytes()`.
    package private(set) var bytes: [UInt8] = []
    private var errorCount = 0

    package init(version: ProtocolVersion = .resp2) { self.version = version }

    package var isEmpty: Bool { bytes.isEmpty }

    /// Hands the bytes over and begins anew.
    package mutating func takeBytes() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        return taken
    }

    /// How many errors were written since the last call, for those who count them.
    package mutating func takeErrorCount() -> Int {
        defer { errorCount = 0 }
        return errorCount
    }

    /// Forgets the bytes; memory is kept for a few only, which a rare long reply may not hold on to.
    package mutating func removeAll() { bytes.removeForReuse() }

    // MARK: Strings and errors

    /// Writes a short text; a CR or LF in it becomes a space.
    package mutating func simple(_ text: String) { line("+", text.utf8) }

    /// Writes an error, its code first; a CR or LF in it becomes a space.
    package mutating func error(_ text: String) { error(text.utf8) }

    package mutating func error(_ text: some Collection<UInt8>) {
        errorCount += 1
        line("-", text)
    }

    package mutating func bulk(_ text: String) { bulk(text.utf8) }

    package mutating func bulk(_ content: some Collection<UInt8>) {
        header("$", content.count)
        bytes.append(contentsOf: content)
        endLine()
    }

    /// Writes a number as a bulk string.
    package mutating func bulk(_ number: Int) {
        var length = number < 0 ? 2 : 1
        var rest = number.magnitude / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        header("$", length)
        decimal(number)
        endLine()
    }

    /// Writes what was encoded elsewhere, for the same version.
    package mutating func encoded(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Writes text with a format of three characters; RESP2 gets the text alone.
    package mutating func verbatim(_ text: String, format: String = "txt") { verbatim(text.utf8, format: format.utf8) }

    package mutating func verbatim(_ text: some Collection<UInt8>, format: some Collection<UInt8>) {
        precondition(format.count == 3, "a verbatim format has three characters")
        guard version == .resp3 else { return bulk(text) }
        header("=", text.count + 4)
        bytes.append(contentsOf: format)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: text)
        endLine()
    }

    // MARK: Numbers and null

    package mutating func integer(_ number: Int) { header(":", number) }

    /// Writes the shortest decimal that reads back the same; RESP2 gets it as a bulk string.
    package mutating func double(_ number: Double) {
        var text = number.isNaN ? "nan" : number.description
        if text.hasSuffix(".0") { text.removeLast(2) }
        if version == .resp3 { line(",", text.utf8) } else { bulk(text) }
    }

    /// Writes true or false; RESP2 gets 1 or 0.
    package mutating func boolean(_ value: Bool) {
        if version == .resp3 { line("#", (value ? "t" : "f").utf8) } else { integer(value ? 1 : 0) }
    }

    /// Writes the absence of a string or a number.
    package mutating func null() { line(version == .resp3 ? "_" : "$", (version == .resp3 ? "" : "-1").utf8) }

    /// Writes the absence of an array, which RESP2 tells apart from other absences.
    package mutating func nullArray() { line(version == .resp3 ? "_" : "*", (version == .resp3 ? "" : "-1").utf8) }

    // MARK: Aggregates

    package mutating func arrayHeader(_ count: Int) { header("*", count) }

    /// Announces `pairs` keys, each followed by its value; RESP2 gets an array of twice as many.
    package mutating func mapHeader(_ pairs: Int) {
        if version == .resp3 { header("%", pairs) } else { arrayHeader(pairs * 2) }
    }

    /// Announces a set; RESP2 gets an array.
    package mutating func setHeader(_ count: Int) { header(version == .resp3 ? "~" : "*", count) }

    /// Announces a message that answers no command; RESP2 gets an array.
    package mutating func pushHeader(_ count: Int) { header(version == .resp3 ? ">" : "*", count) }

    /// Writes a command as clients do: an array of bulk strings.
    package mutating func command(_ words: [String]) {
        arrayHeader(words.count)
        for word in words { bulk(word) }
    }

    package mutating func command(_ words: [[UInt8]]) {
        arrayHeader(words.count)
        for word in words { bulk(word) }
    }
}

extension Encoder {
    /// Writes a whole value, however deep.
    package mutating func value(_ value: Value) {
        switch value {
        case .simple(let text): line("+", text)
        case .error(let text): line("-", text)
        case .integer(let number): integer(number)
        case .bulk(let content): bulk(content)
        case .null: null()
        case .array(let elements): aggregate(elements) { $0.arrayHeader($1) }
        case .set(let elements): aggregate(elements) { $0.setHeader($1) }
        case .push(let elements): aggregate(elements) { $0.pushHeader($1) }
        case .map(let entries):
            mapHeader(entries.count)
            for entry in entries {
                self.value(entry.key)
                self.value(entry.value)
            }
        case .boolean(let isTrue): boolean(isTrue)
        case .double(let number): double(number)
        case .bigNumber(let digits): if version == .resp3 { line("(", digits) } else { bulk(digits) }
        case .verbatim(let text, let format): verbatim(text, format: format)
        case .blobError(let text): blobError(text)
        }
    }

    /// Writes an error that may contain line ends; RESP2 gets an ordinary one.
    private mutating func blobError(_ text: [UInt8]) {
        guard version == .resp3 else { return error(text) }
        header("!", text.count)
        bytes.append(contentsOf: text)
        endLine()
    }

    private mutating func aggregate(_ elements: [Value], header: (inout Encoder, Int) -> Void) {
        header(&self, elements.count)
        for element in elements { value(element) }
    }
}

// MARK: - Lines

extension Encoder {
    private mutating func line(_ type: Unicode.Scalar, _ text: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: type))
        for byte in text {
            bytes.append(byte == ASCII.carriageReturn || byte == ASCII.lineFeed ? ASCII.space : byte)
        }
        endLine()
    }

    /// Writes a line with a number, digit by digit and without a string in between.
    private mutating func header(_ type: Unicode.Scalar, _ number: Int) {
        bytes.append(UInt8(ascii: type))
        decimal(number)
        endLine()
    }

    private mutating func decimal(_ number: Int) {
        if number < 0 { bytes.append(ASCII.minus) }
        let magnitude = number.magnitude
        var unit: UInt = 1
        while magnitude / unit >= 10 { unit *= 10 }
        while unit > 0 {
            bytes.append(ASCII.zero + UInt8(magnitude / unit % 10))
            unit /= 10
        }
    }

    private mutating func endLine() {
        bytes.append(ASCII.carriageReturn)
        bytes.append(ASCII.lineFeed)
    }
}
