// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
package import RESP

/// ACL CAT.
package enum CategoryListing {
    package static let names = CommandCategory.allCases.map(\.name)

    /// The full names of the commands of a category; `nil` if there is no such category.
    package static func commands(of name: ArraySlice<UInt8>) -> [String]? {
        CommandCategory(named: name).map { Catalogue.commands(in: $0).map(\.fullName) }
    }

    /// The error for a category there isn't.
    package static func unknown(_ name: ArraySlice<UInt8>) -> ErrorText {
        "ERR Unknown category '\(name, limit: 128)'"
    }
}
