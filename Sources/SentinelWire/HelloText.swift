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
    package init?(text: some Collection<UInt8>) { self.init(bytes: ArraySlice(text)) }

    /// Without arrays in between: hellos are most of what a sentinel at rest hears.
    private init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count <= 4096 else { return nil }
        var rest = bytes
        guard let host = Self.takeField(&rest), let port = Self.takeField(&rest).flatMap(Self.port),
            let runID = Self.takeField(&rest), !runID.isEmpty,
            let currentEpoch = Self.takeField(&rest).flatMap(Self.epoch),
            let name = Self.takeField(&rest), let masterHost = Self.takeField(&rest),
            let masterPort = Self.takeField(&rest).flatMap(Self.port),
            !rest.contains(UInt8(ascii: ",")), let configEpoch = Self.epoch(rest)
        else { return nil }
        self.init(
            sender: Endpoint(host: Self.string(host), port: port), runID: RunID(heard: Self.string(runID)),
            currentEpoch: currentEpoch, masterName: MasterName(Self.string(name)),
            master: Endpoint(host: Self.string(masterHost), port: masterPort), configEpoch: configEpoch)
    }

    /// Takes what stands before the next comma, and the comma; `nil` if there is none.
    private static func takeField(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let comma = rest.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let field = rest[..<comma]
        rest = rest[rest.index(after: comma)...]
        return field
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? { number(digits).flatMap { UInt16(exactly: $0) } }

    private static func epoch(_ digits: ArraySlice<UInt8>) -> Epoch? {
        number(digits).map { Epoch($0) }.flatMap { $0 <= .greatestBelievable ? $0 : nil }
    }

    /// Digits alone, as many as make a number of 64 bits.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(UInt64(digit & 0xF))
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return number
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Epoch {
    /// The greatest epoch that is believed; a quorum that fails over once a millisecond needs 146,000 years to get
    /// there.
    ///
    /// Greater ones, and the original's "-1", would leave no room for another attempt. - Source: spec/defects.md 2.
    static let greatestBelievable = Epoch(1 << 62)

    init?(text: some StringProtocol) {
        guard let number = UInt64(text), number <= Epoch.greatestBelievable.number else { return nil }
        self.init(number)
    }
}
