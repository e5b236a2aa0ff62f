// SPDX-License-Identifier: Apache-2.0

import FileJournal

nonisolated extension InPlaceJournal {
    /// Replaces what is in an open file, in the steps of the journal.
    static func overwrite(_ descriptor: Descriptor, _ contents: [UInt8]) throws(SystemError) {
        let plan = plan(for: contents, over: try System.readAll(descriptor))
        try perform(plan.settling, on: descriptor)
        do throws(SystemError) {
            try perform(plan.recording, on: descriptor)
        } catch {
            // A full disk, most likely: the old contents stay.
            try? System.truncate(descriptor, to: plan.length)
            throw error
        }
        try perform(plan.finishing, on: descriptor)
    }

    private static func perform(_ steps: [Step], on descriptor: Descriptor) throws(SystemError) {
        for step in steps {
            switch step {
            case .write(let bytes, let offset): try System.writeAll(descriptor, bytes, at: offset)
            case .cut(let length): try System.truncate(descriptor, to: length)
            case .flush: try System.synchronize(descriptor)
            }
        }
    }
}
