// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses

/// One line at the terminal that tells what is being done; nothing where nobody looks.
final class Progress {
    private let isShown = OwnProcess.showsErrorsOnTerminal
    private var isLineOpen = false

    func show(_ text: String) {
        guard isShown else { return }
        Console.errorLine("\r\u{1b}[K\(text)")
        isLineOpen = true
    }

    /// Takes the line away.
    func clear() {
        if isLineOpen { Console.errorLine("\r\u{1b}[K") }
        isLineOpen = false
    }
}
