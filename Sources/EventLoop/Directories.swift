// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Directories for things that don't outlive a run.
package nonisolated enum Directories {
    /// A new directory below the system's place for temporary files.
    ///
    /// - Throws: Why it can't be made, such as for want of space or rights.
    package static func makeTemporary(_ name: String) throws(SystemError) -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let unique = String(repeating: "X", count: 6)  // mkdtemp puts its own characters there
        var template = Array("\(base)/\(name)-\(unique)".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", errno: errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes a directory that others may read; what is above it must be there.
    ///
    /// - Throws: Why it can't be made; there may be one already.
    package static func make(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o755) == 0 else { throw SystemError(call: "mkdir", errno: errno) }
    }

    /// Removes a directory and all that is in it, as far as possible; links are removed, not followed.
    package static func removeTree(_ path: String) {
        for name in entries(of: path) {
            let entry = "\(path)/\(name)"
            if unlink(entry) != 0 { removeTree(entry) }
        }
        rmdir(path)
    }

    /// Removes a file, if it is there.
    package static func removeFile(_ path: String) { unlink(path) }

    /// Gives a directory another name, which nothing may have yet; tells whether it did.
    package static func move(_ path: String, to new: String) -> Bool { rename(path, new) == 0 }

    /// The names in a directory, in no order; none when it can't be read.
    package static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
