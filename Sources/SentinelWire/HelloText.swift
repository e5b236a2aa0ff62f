// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

extension Hello {
    /// The channel hellos travel on.
    package static let channel = "__sentinel__:hello"

    /// `ip,port,runid,current_epoch,master_name,master_ip,master_port,master_config_epoch`.
    ///
    /// - Source: spec/monitoring.md 6.
    package var text: String {
        "\(sender.host),\(sender.port),\(runID),\(currentEpoch),\(masterName),\(master.host),\(master.port),\(configEpoch)"
    }

    /// `nil` unless there are eight fields whose ports and epochs are numbers in range.
    ///
    /// The original reads a bad number as 0; a hello like that is dropped and counted here.
    package init?(text: some Collection<UInt8>) {
        guard text.count <= 4096 else { return nil }
        let fields = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count == 8,
            let port = UInt16(fields[1]), let currentEpoch = Epoch(text: fields[3]),
            let masterPort = UInt16(fields[6]), let configEpoch = Epoch(text: fields[7]),
            !fields[2].isEmpty
        else { return nil }
        self.init(
            sender: Endpoint(host: fields[0], port: port), runID: RunID(heard: fields[2]), currentEpoch: currentEpoch,
            masterName: MasterName(fields[4]), master: Endpoint(host: fields[5], port: masterPort),
            configEpoch: configEpoch)
    }
}

extension Epoch {
    /// The greatest epoch that is believed; a quorum that fails over once a millisecond needs 146,000 years to get there.
    ///
    /// Greater ones, and the original's "-1", would leave no room for another attempt. - Source: spec/defects.md 2.
    static let greatestBelievable = Epoch(1 << 62)

    init?(text: some StringProtocol) {
        guard let number = UInt64(text), number <= Epoch.greatestBelievable.number else { return nil }
        self.init(number)
    }
}
