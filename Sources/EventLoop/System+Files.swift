// SPDX-License-Identifier: Apache-2.0

// Calls on files, all of which may wait for the disk; the rules are those of System.swift.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What of a file's attributes outlives its replacement.
nonisolated struct FileAttributes: Hashable {
    var mode: UInt16
    var owner: UInt32
    var group: UInt32
    var isSocket: Bool

    init(_ status: stat) {
        mode = UInt16(status.st_mode & 0o7777)
        owner = status.st_uid
        group = status.st_gid
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }
}

nonisolated extension System {
    static func openForReading(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(try retrying("open") { open(path, O_RDONLY | O_CLOEXEC) })
    }

    /// Opens an existing file to be read and overwritten; its contents stay until they are.
    static func openForChanging(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(try retrying("open") { open(path, O_RDWR | O_CLOEXEC) })
    }

    /// Opens the file at `path` to be filled anew, creating it if it is not there.
    static func openEmpty(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(try retrying("open") { open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0o644) })
    }

    /// Opens the file at `path` for writing at its end, creating it if it is not there.
    static func openForAppending(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(try retrying("open") { open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644) })
    }

    /// Creates a file only its owner can read; fails when there is one already.
    static func createFile(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(try retrying("open") { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) })
    }

    /// Waits where nothing is there yet, whether or not the descriptor blocks.
    static func readAll(_ descriptor: Descriptor) throws(SystemError) -> [UInt8] {
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = try unlessBlocking("read") { read(descriptor.number, &chunk, chunk.count) }
            guard let count else {
                var entry = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
                _ = try retrying("poll") { poll(&entry, 1, -1) }
                continue
            }
            if count == 0 { return contents }
            contents.append(contentsOf: chunk[..<count])
        }
    }

    /// What is there to be read from a descriptor that does not block.
    static func readSome(_ descriptor: Descriptor, into bytes: inout [UInt8]) throws(SystemError) -> Transfer {
        let count = try unlessBlocking("read") { read(descriptor.number, &bytes, bytes.count) }
        guard let count else { return .wouldBlock }
        return count == 0 ? .endOfStream : .bytes(count)
    }

    /// Whether a write of a few bytes would not wait; one that would fail does not wait either.
    static func isWritable(_ descriptor: Descriptor) -> Bool {
        var entry = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
        let count = try? retrying("poll") { poll(&entry, 1, 0) }
        return count == 1
    }

    /// Writes what is taken at once, or waits where the descriptor blocks and takes nothing.
    static func writeSome(_ descriptor: Descriptor, _ contents: ArraySlice<UInt8>) throws(SystemError) -> Transfer {
        let count = try unlessBlocking("write") {
            contents.withUnsafeBytes { write(descriptor.number, $0.baseAddress, $0.count) }
        }
        return count.map { .bytes($0) } ?? .wouldBlock
    }

    static func writeAll(_ descriptor: Descriptor, _ contents: [UInt8]) throws(SystemError) {
        var written = 0
        while written < contents.count {
            written += try retrying("write") {
                contents.withUnsafeBytes { bytes in
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    return write(descriptor.number, rest.baseAddress, rest.count)
                }
            }
        }
    }

    /// Writes all of `contents`, beginning `offset` bytes into the file.
    static func writeAll(_ descriptor: Descriptor, _ contents: [UInt8], at offset: Int) throws(SystemError) {
        _ = try retrying("lseek") { Int(lseek(descriptor.number, off_t(offset), SEEK_SET)) }
        try writeAll(descriptor, contents)
    }

    static func truncate(_ descriptor: Descriptor, to length: Int) throws(SystemError) {
        _ = try retrying("ftruncate") { ftruncate(descriptor.number, off_t(length)) }
    }

    /// Returns once the file's contents are on the disk.
    static func synchronize(_ descriptor: Descriptor) throws(SystemError) {
        #if !os(Linux)
            if fcntl(descriptor.number, F_FULLFSYNC) == 0 { return }  // fsync alone stops at the drive's cache there
        #endif
        _ = try retrying("fsync") { fsync(descriptor.number) }
    }

    /// Returns once the directory's entries are on the disk, where the file system can say so at all.
    static func synchronizeDirectory(_ path: String) throws(SystemError) {
        let descriptor = Descriptor(try retrying("open") { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
        defer { close(descriptor) }
        do throws(SystemError) {
            try synchronize(descriptor)
        } catch {
            if error.errno != EINVAL && error.errno != ENOTSUP { throw error }
        }
    }

    /// The attributes of what `path` leads to, or `nil` when there is nothing.
    static func attributes(_ path: String) throws(SystemError) -> FileAttributes? {
        var status = stat()
        do throws(SystemError) {
            _ = try retrying("stat") { stat(path, &status) }
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
        return FileAttributes(status)
    }

    static func attributes(_ descriptor: Descriptor) throws(SystemError) -> FileAttributes {
        var status = stat()
        _ = try retrying("fstat") { fstat(descriptor.number, &status) }
        return FileAttributes(status)
    }

    static func setMode(_ descriptor: Descriptor, _ mode: UInt16) throws(SystemError) {
        _ = try retrying("fchmod") { fchmod(descriptor.number, mode_t(mode)) }
    }

    static func setMode(_ path: String, _ mode: UInt16) throws(SystemError) {
        _ = try retrying("chmod") { chmod(path, mode_t(mode)) }
    }

    static func setOwner(_ descriptor: Descriptor, _ owner: UInt32, group: UInt32) throws(SystemError) {
        _ = try retrying("fchown") { fchown(descriptor.number, owner, group) }
    }

    static func setGroup(_ descriptor: Descriptor, _ group: UInt32) throws(SystemError) {
        _ = try retrying("fchown") { fchown(descriptor.number, .max, group) }
    }

    /// What the symbolic link at `path` says, or `nil` when there is no link at `path`.
    static func linkTarget(_ path: String) throws(SystemError) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        do throws(SystemError) {
            let count = try retrying("readlink") {
                buffer.withUnsafeMutableBytes { bytes in
                    guard let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return 0 }
                    return readlink(path, start, bytes.count)
                }
            }
            return String(decoding: buffer[..<count], as: UTF8.self)
        } catch {
            if error.errno == EINVAL || error.errno == ENOENT { return nil }
            throw error
        }
    }

    static func rename(_ source: String, to target: String) throws(SystemError) {
        _ = try retrying("rename") {
            #if canImport(Glibc)
                Glibc.rename(source, target)
            #elseif canImport(Musl)
                Musl.rename(source, target)
            #else
                Darwin.rename(source, target)
            #endif
        }
    }

    /// Removes a file that may as well be gone.
    static func removeFile(_ path: String) { unlink(path) }

    /// Removes what an earlier listener left at `path`; anything but a socket stays.
    static func removeSocket(_ path: String) {
        if (try? attributes(path))?.isSocket == true { unlink(path) }
    }

    static var processID: Int32 { getpid() }
}
