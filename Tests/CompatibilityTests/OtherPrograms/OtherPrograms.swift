// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Programs that were written for the original's sentinels, with ours.
///
/// Each suite below extends it with one of them.
@Suite(.serialized, .ownThread) enum `Other programs` {
    /// The repository that the tests were built from.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
}
