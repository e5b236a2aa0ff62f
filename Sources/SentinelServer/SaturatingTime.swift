// SPDX-License-Identifier: Apache-2.0

/// Nanoseconds of the monotonic clock moved forward by what a configuration or a client says, at most to the end of
/// time.
extension UInt64 {
    func saturatingAdding(milliseconds: UInt64) -> UInt64 { saturatingAdding(milliseconds, of: 1_000_000) }
    func saturatingAdding(seconds: UInt64) -> UInt64 { saturatingAdding(seconds, of: 1_000_000_000) }

    private func saturatingAdding(_ count: UInt64, of nanoseconds: UInt64) -> UInt64 {
        let (span, overflows) = count.multipliedReportingOverflow(by: nanoseconds)
        let (sum, overflowsToo) = addingReportingOverflow(span)
        return overflows || overflowsToo ? .max : sum
    }
}
