// SPDX-License-Identifier: Apache-2.0

/// What can be set on a data node, from the start or by CONFIG SET.
package struct NodeSettings {
    /// The password clients have to give; `nil` for none.
    package var password: String?
    /// The password given to the master.
    package var masterPassword: String?
    /// Rank for promotion, the lowest first; 0 is never promoted.
    package var priority = 100
    /// Whether sentinels should tell clients of this replica.
    package var isAnnounced = true

    package init(password: String? = nil, masterPassword: String? = nil, priority: Int = 100, isAnnounced: Bool = true)
    {
        self.password = password
        self.masterPassword = masterPassword
        self.priority = priority
        self.isAnnounced = isAnnounced
    }
}
