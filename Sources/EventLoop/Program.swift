// SPDX-License-Identifier: Apache-2.0

/// A program and all that it is started with.
nonisolated struct Program: Sendable {
    private let path: String
    private let arguments: [String]
    private let environment: [String]
    /// The child's ends of what reads its output and its errors.
    private let outputs: (Descriptor, Descriptor)?

    @MainActor init(
        _ path: String, _ arguments: [String], _ added: [String: String], _ outputLimit: Int?, _ poller: Poller
    ) throws(SystemError) {
        System.keepEndedChildren()
        self.path = path
        self.arguments = arguments
        let inherited = System.environment.filter { entry in added[String(entry.prefix { $0 != "=" })] == nil }
        environment = inherited + added.map { "\($0.key)=\($0.value)" }.sorted()
        guard let outputLimit else {
            outputs = nil
            return
        }
        let output = try ChildOutput(limit: outputLimit, to: .standardOutput, poller: poller)
        do throws(SystemError) {
            outputs = (
                output.childEnd, try ChildOutput(limit: outputLimit, to: .standardErrors, poller: poller).childEnd
            )
        } catch {
            // Its own end is closed by the end of the stream that follows.
            System.close(output.childEnd)
            throw error
        }
    }

    /// The new process's number.
    func spawn() throws(SystemError) -> Int32 {
        try System.spawn(path, arguments: arguments, environment: environment, outputs: outputs)
    }

    /// The child's ends are not ours, whether it was started or not.
    func closeOutputs() {
        guard let outputs else { return }
        System.close(outputs.0)
        System.close(outputs.1)
    }
}
