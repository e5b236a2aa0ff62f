// SPDX-License-Identifier: Apache-2.0

import CSignals

/// A report in the log of what ends the process against its will.
package nonisolated enum CrashReport {
    /// Has what would be reported end the process, and nothing else; see `restore_default_actions`.
    package static func restoreDefaultActions() { restore_default_actions() }

    /// Has one written from now on; see `report_crashes`.
    ///
    /// - Parameter logFile: Where to append to; empty for standard output.
    package static func install(logFile: String, version: String) { report_crashes(logFile, version) }
}
