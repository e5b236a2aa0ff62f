// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A place that text is appended to: a file, opened anew for each piece so that it can be rotated by renaming it, or
/// standard output.
package nonisolated struct AppendFile: Sendable {
    /// `nil` for standard output.
    private let path: String?

    package init(path: String?) { self.path = path }

    /// Whether the place can be written to.
    package func check() throws(SystemError) {
        guard let path else { return }
        close(try Self.open(path))
    }

    /// Appends `text`; what can't be written is dropped, since there is nobody to tell.
    package func append(_ text: String) {
        var descriptor = STDOUT_FILENO
        if let path {
            guard let opened = try? Self.open(path) else { return }
            descriptor = opened
        }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                guard errno == EINTR else { break }
            } else {
                bytes = bytes.dropFirst(written)
            }
        }
        if path != nil { close(descriptor) }
    }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        #if canImport(Glibc)
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        #elseif canImport(Musl)
        let descriptor = Musl.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        #else
        let descriptor = Darwin.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        #endif
        guard descriptor >= 0 else { throw SystemError(call: "open", errno: errno) }
        return descriptor
    }
}
