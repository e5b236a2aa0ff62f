// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is printed: lines only, with a little colour if somebody looks at them at a terminal.
package enum Console {
    private static let isColourful =
        OwnProcess.showsOutputOnTerminal && OwnProcess.environment("NO_COLOR") == nil
        && OwnProcess.environment("TERM") != "dumb"

    /// Called when nobody reads what is printed any more.
    package static var readerHasGone: () -> Void = {}

    package static func line(_ text: String = "") {
        if !write(text + "\n", to: STDOUT_FILENO) { readerHasGone() }
    }

    package static func error(_ text: String) { errorLine(text + "\n") }

    /// Writes to standard error just what is given.
    package static func errorLine(_ text: String) { _ = write(text, to: STDERR_FILENO) }

    /// Prints a heading with an empty line before it.
    package static func heading(_ text: String) {
        line()
        line(bold(text))
    }

    package static func bold(_ text: String) -> String { styled(text, "1") }
    package static func faint(_ text: String) -> String { styled(text, "2") }
    package static func good(_ text: String) -> String { styled(text, "32") }
    package static func bad(_ text: String) -> String { styled(text, "31") }

    /// Fills `text` up to `width` with spaces.
    package static func padded(_ text: String, _ width: Int, onLeft: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return onLeft ? padding + text : text + padding
    }

    private static func styled(_ text: String, _ code: String) -> String {
        isColourful ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    /// Writes everything, waiting for a slow reader; false when that failed.
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                #if canImport(Glibc)
                    return Glibc.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                    return Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                    return Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
