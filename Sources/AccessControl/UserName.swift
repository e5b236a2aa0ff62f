// SPDX-License-Identifier: Apache-2.0

/// A user's name: any bytes, upper and lower case different. Ordered by bytes, as ACL LIST and USERS list users.
package struct UserName: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// The user of a connection that has not authenticated, and of AUTH with a password alone.
    package static let `default` = UserName("default")

    /// Whether a user can be made under this name.
    package var isValid: Bool { !bytes.containsSeparator }
}

extension UserName: Comparable {
    package static func < (left: UserName, right: UserName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension UserName: CustomStringConvertible {
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension Collection<UInt8> {
    /// Whether there is white space or a NUL in it, which names and patterns can't have.
    var containsSeparator: Bool { contains { $0 == 0 || $0 == 0x20 || (0x09...0x0D).contains($0) } }
}
