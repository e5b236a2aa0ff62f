// SPDX-License-Identifier: Apache-2.0

import AccessControl
import CommandCatalogue
import EventLoop
import SentinelConfiguration
import SentinelCore

/// This machine, as far as reading a configuration asks about it.
nonisolated struct HostEnvironment: ConfigurationEnvironment {
    func isExecutable(_ path: String) -> Bool { ProcessFacts.canExecute(path) }
    func isProgram(_ path: String) -> Bool { ProcessFacts.canExecute(path) && !ProcessFacts.isDirectory(path) }
    func isNumericAddress(_ host: String) -> Bool { NumericHost.isNumeric(host) }

    func enterDirectory(_ path: String) -> String? {
        do throws(SystemError) {
            try ProcessFacts.changeDirectory(to: path)
            return nil
        } catch {
            return error.message
        }
    }

    func included(_ pattern: Word) -> Inclusion {
        let pattern = String(decoding: pattern, as: UTF8.self)
        var files: [SourceFile] = []
        for path in ProcessFacts.paths(matching: pattern) {
            do throws(SystemError) {
                files.append(SourceFile(name: path, text: try FileReplacement.readFile(path)))
            } catch {
                return .unreadable(file: path, why: error.message)
            }
        }
        return .files(files)
    }

    func state(at path: String) -> SavedState {
        do throws(SystemError) {
            return .text(try FileReplacement.readFile(path))
        } catch {
            return error.isNoSuchFile ? .absent : .unreadable(why: error.message)
        }
    }

    func isCommand(_ name: String) -> Bool { Catalogue.command(named: Array(name.utf8)[...]) != nil }

    func complaint(aboutUser name: Word, rules: [Secret]) -> String? {
        var users = Users()
        do throws(DeclarationError) {
            try users.declare([[name] + rules.map { $0.reveal() }])
            return nil
        } catch {
            return error.problem
        }
    }
}
