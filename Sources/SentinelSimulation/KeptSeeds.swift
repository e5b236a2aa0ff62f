// SPDX-License-Identifier: Apache-2.0

/// Seeds kept because they once showed a defect; Docs/simulation.md says which.
package enum KeptSeeds {
    package static let all: [UInt64] = [12, 18, 215, 851, 983, 993]
}
