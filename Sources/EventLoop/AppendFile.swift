// SPDX-License-Identifier: Apache-2.0

/// A place that text is appended to: a file, opened anew for each piece so that it can be rotated by renaming it, or
/// standard output.
package nonisolated struct AppendFile: Sendable {
    /// `nil` for standard output.
    private let path: String?

    package init(path: String?) { self.path = path }

    /// Whether the place can be written to.
    ///
    /// - Throws: Why it can't.
    package func check() throws(SystemError) {
        guard let path else { return }
        System.close(try System.openForAppending(path))
    }

    /// Appends `text`; what can't be written is dropped, since there is nobody to tell.
    package func append(_ text: String) {
        let bytes = Array(text.utf8)
        guard let path else {
            try? System.writeAll(.standardOutput, bytes)
            return
        }
        guard let descriptor = try? System.openForAppending(path) else { return }
        try? System.writeAll(descriptor, bytes)
        System.close(descriptor)
    }
}
