// SPDX-License-Identifier: Apache-2.0

extension ArraySlice<UInt8> {
    /// Whether these bytes are `word` in any mix of upper and lower case ASCII.
    ///
    /// - Parameter word: In lower case.
    package func spells(_ word: String) -> Bool { spells(word.utf8) }

    /// As for a text.
    func spells(_ word: some Collection<UInt8>) -> Bool {
        guard count == word.count else { return false }
        var position = startIndex
        for byte in word {
            guard self[position].lowercased == byte else { return false }
            position += 1
        }
        return true
    }
}

extension UInt8 {
    /// The lower case of an ASCII letter; anything else as it is.
    var lowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }
}
