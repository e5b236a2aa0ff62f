// SPDX-License-Identifier: Apache-2.0

// Replaces a file's contents so that a crash at any moment leaves either the old or the new, and so that the new is on
// the disk when success is reported:
//
//   1. Follow symbolic links, so that a link to the file stays one.
//   2. Write a temporary file beside the target, with the target's owner and mode, and flush it to the disk.
//   3. Rename it over the target and flush the directory.
//
// Where the directory takes no new file or the target cannot be renamed over (a file mounted by itself into a container
// is both), the file is overwritten in place, in the steps of `InPlaceJournal`. Only what reads it through here can
// make sense of what a crash leaves then, so the result says which way was taken.

import Dispatch
import FileJournal

/// Durable replacement of a file's contents.
package nonisolated enum FileReplacement {
    /// How the new contents came into the file.
    package enum Method: Hashable, Sendable {
        /// At once: a reader sees the old or the new.
        case renamed
        /// In place, since renaming was not possible.
        case overwritten(because: SystemError)
    }

    /// Where the replacements of one file are done, and how many are not done yet.
    private struct Lane {
        let queue = SideQueue(label: "file-replacement")
        var length = 0
    }

    /// One for each file that is being replaced, by its path: one on a disk that hangs must hold up no other.
    @MainActor private static var lanes: [String: Lane] = [:]
    /// How many files are being replaced.
    @MainActor static var laneCount: Int { lanes.count }

    private static let maximumLinks = 40
    private static let temporaryMark = ".tmp-"

    /// Replaces the file at `path` without holding up the main queue; replacements under one path are done one after
    /// the other.
    ///
    /// - Parameter mode: Permissions of a file that did not exist; an existing one keeps its own.
    @MainActor
    package static func replace(
        path: String, contents: [UInt8], mode: UInt16 = 0o644,
        completion: @escaping @MainActor (Result<Method, SystemError>) -> Void
    ) {
        inLane(of: path, completion) { () throws(SystemError) in
            try replace(path: path, contents: contents, mode: mode)
        }
    }

    /// Replaces the file at `path` by what `change` makes of it, reading included without holding up the main queue.
    ///
    /// A file that is not there counts as empty.
    @MainActor
    package static func change(
        path: String, mode: UInt16 = 0o644, with change: @escaping @Sendable ([UInt8]) -> [UInt8],
        completion: @escaping @MainActor (Result<Method, SystemError>) -> Void
    ) {
        inLane(of: path, completion) { () throws(SystemError) in
            try self.change(path: path, mode: mode, with: change)
        }
    }

    /// Does `work` after what is to be done to the same file before it.
    @MainActor
    private static func inLane(
        of path: String, _ completion: @escaping @MainActor (Result<Method, SystemError>) -> Void,
        _ work: @escaping @Sendable () throws(SystemError) -> Method
    ) {
        var lane = lanes[path] ?? Lane()
        lane.length += 1
        lanes[path] = lane
        lane.queue.async {
            let result = Result<Method, SystemError> { () throws(SystemError) in try work() }
            DispatchQueue.main.async {
                lanes[path]?.length -= 1
                if lanes[path]?.length == 0 { lanes[path] = nil }
                completion(result)
            }
        }
    }

    /// Replaces the file at `path` by what `change` makes of it before returning; for start-up.
    ///
    /// - Throws: Why it could not be read, or not be written in either way.
    package static func change(
        path: String, mode: UInt16 = 0o644, with change: ([UInt8]) -> [UInt8]
    ) throws(SystemError) -> Method {
        var old: [UInt8] = []
        do throws(SystemError) {
            old = try readFile(path)
        } catch {
            guard error.isNoSuchFile else { throw error }
        }
        return try replace(path: path, contents: change(old), mode: mode)
    }

    /// Replaces the file at `path` before returning; for start-up.
    ///
    /// - Throws: Why it could not be written in either way; `readFile` has the old contents then.
    package static func replace(
        path: String, contents: [UInt8], mode: UInt16 = 0o644
    ) throws(SystemError) -> Method {
        let target = try followLinks(path)
        do throws(SystemError) {
            try replaceByRenaming(target, contents, mode)
            return .renamed
        } catch {
            guard error.forbidsReplacement else { throw error }
            do throws(SystemError) {
                try overwrite(target, contents)
            } catch let second {
                throw second.isNoSuchFile ? error : second
            }
            return .overwritten(because: error)
        }
    }

    /// The whole contents of the file at `path`; of one that was being overwritten when its writer died, those from
    /// before or after.
    ///
    /// - Throws: Why it can't be read; `isNoSuchFile` when it is not there.
    package static func readFile(_ path: String) throws(SystemError) -> [UInt8] {
        let descriptor = try System.openForReading(path)
        defer { System.close(descriptor) }
        return InPlaceJournal.contents(of: try System.readAll(descriptor))
    }

    /// Removes temporary files that crashes left beside the file at `path`, and returns how many.
    ///
    /// One whose process still runs stays: it may be at work on it. Our own number is no reason, for in a container
    /// every life has the same, and this is called before anything is written.
    ///
    /// - Throws: Why the directory can't be read.
    @discardableResult
    package static func removeLeftovers(of path: String) throws(SystemError) -> Int {
        let target = try followLinks(path)
        let name = target.split(separator: "/").last.map(String.init) ?? target
        var removed = 0
        for entry in Directories.entries(of: directory(of: target)) where entry.hasPrefix("\(name)\(temporaryMark)") {
            let numbers = entry.dropFirst(name.count + temporaryMark.count).split(
                separator: "-", omittingEmptySubsequences: false)
            guard numbers.count == 2, let process = Int32(numbers[0]), UInt64(numbers[1]) != nil, process > 0,
                process == System.processID || !System.isRunning(process)
            else { continue }
            System.removeFile("\(directory(of: target))/\(entry)")
            removed += 1
        }
        return removed
    }

    static func replaceByRenaming(_ target: String, _ contents: [UInt8], _ mode: UInt16) throws(SystemError) {
        let existing = try System.attributes(target)
        let (descriptor, temporary) = try createTemporary(beside: target)
        do throws(SystemError) {
            try fill(descriptor, contents, existing, mode)
            try System.rename(temporary, to: target)
        } catch {
            System.removeFile(temporary)
            throw error
        }
        try System.synchronizeDirectory(directory(of: target))
    }

    /// Writes the temporary file and closes it, whatever comes of it.
    ///
    /// It is ours, or its owner's again: whoever could not write it any more could not begin with it.
    private static func fill(
        _ descriptor: Descriptor, _ contents: [UInt8], _ existing: FileAttributes?, _ mode: UInt16
    ) throws(SystemError) {
        defer { System.close(descriptor) }
        let kept = if let existing { try keepOwner(of: existing, descriptor) } else { mode }
        try System.setMode(descriptor, kept | 0o600)
        try System.writeAll(descriptor, contents)
        try System.synchronize(descriptor)
    }

    /// Gives a new file to whom the old one belongs, as far as that is allowed; returns the mode for it.
    ///
    /// Only root can give files away. Contents that are safe matter more than whose they are; but what one group was
    /// allowed, another is only where everybody is. Where nothing differs nothing is asked for: a sandbox may end
    /// whoever does.
    private static func keepOwner(
        of existing: FileAttributes, _ descriptor: Descriptor
    ) throws(SystemError) -> UInt16 {
        let own = try System.attributes(descriptor)
        guard (own.owner, own.group) != (existing.owner, existing.group) else { return existing.mode }
        if (try? System.setOwner(descriptor, existing.owner, group: existing.group)) != nil { return existing.mode }
        if (try? System.setGroup(descriptor, existing.group)) != nil { return existing.mode }
        return existing.mode & (~0o070 | (existing.mode & 0o007) << 3)
    }

    static func overwrite(_ target: String, _ contents: [UInt8]) throws(SystemError) {
        let descriptor = try System.openForChanging(target)
        defer { System.close(descriptor) }
        try InPlaceJournal.overwrite(descriptor, contents)
    }

    /// Creates `<target>.tmp-<process>-<number>`; one that a crash left behind only costs another number.
    private static func createTemporary(beside target: String) throws(SystemError) -> (Descriptor, path: String) {
        var attempt = System.monotonicNanoseconds
        while true {
            let path = "\(target)\(temporaryMark)\(System.processID)-\(attempt)"
            do throws(SystemError) {
                return (try System.createFile(path), path)
            } catch {
                guard error.isFileExists else { throw error }
                attempt &+= 1
            }
        }
    }

    /// Where the links from `path` end, be there a file or not.
    private static func followLinks(_ path: String) throws(SystemError) -> String {
        var path = path
        for _ in 0..<maximumLinks {
            guard let target = try System.linkTarget(path) else { return path }
            path = target.hasPrefix("/") ? target : "\(directory(of: path))/\(target)"
        }
        throw System.tooManyLinks
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
