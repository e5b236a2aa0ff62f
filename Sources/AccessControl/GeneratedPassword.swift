// SPDX-License-Identifier: Apache-2.0

/// The password ACL GENPASS makes up: hexadecimal digits, one for each four bits asked for or part of them.
///
/// - Source: spec/commands.md 4.6.
package struct GeneratedPassword: Sendable, Hashable {
    private let digits: Int

    /// - Parameter bits: 1 to 4096; else `nil`, and `badBits` is the error.
    package init?(bits: Int = 256) {
        guard (1...4096).contains(bits) else { return nil }
        digits = (bits + 3) / 4
    }

    package static let badBits =
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"

    /// How many random bytes it takes.
    package var randomByteCount: Int { (digits + 1) / 2 }

    /// - Parameter random: `randomByteCount` bytes that nobody can guess.
    package func text(random: [UInt8]) -> String {
        precondition(random.count == randomByteCount, "a password of the wrong strength")
        return String(Hexadecimal.text(random).prefix(digits))
    }
}
