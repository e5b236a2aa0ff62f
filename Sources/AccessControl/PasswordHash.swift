// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 of a password, the only form in which passwords are kept.
///
/// Shown by `hexadecimal` alone, where ACL LIST, GETUSER and the file need it; never by a description.
package struct PasswordHash: Sendable {
    private let digest: [UInt8]

    package init(of password: some Collection<UInt8>) { digest = SHA256.digest(password) }

    /// Reads 64 lower-case hexadecimal digits, and nothing else.
    init?(hexadecimal digits: ArraySlice<UInt8>) {
        guard digits.count == 64 else { return nil }
        var digest: [UInt8] = []
        for (position, digit) in digits.enumerated() {
            guard let value = Hexadecimal.value(digit) else { return nil }
            if position.isMultiple(of: 2) { digest.append(value << 4) } else { digest[position / 2] |= value }
        }
        self.digest = digest
    }

    package var hexadecimal: String { Hexadecimal.text(digest) }

    /// Compares in a time that does not depend on where the two differ.
    func isSame(as other: PasswordHash) -> Bool {
        zip(digest, other.digest).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension PasswordHash: Equatable {
    package static func == (left: PasswordHash, right: PasswordHash) -> Bool { left.isSame(as: right) }
}

extension PasswordHash: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "******" }
    package var debugDescription: String { "******" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Lower-case hexadecimal digits.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func value(_ digit: UInt8) -> UInt8? { digits.firstIndex(of: digit).map(UInt8.init) }

    static func text(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
