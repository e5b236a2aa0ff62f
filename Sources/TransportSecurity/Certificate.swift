// SPDX-License-Identifier: Apache-2.0

/// What of a certificate matters before it is used: how long it is good for.
package nonisolated struct Certificate: Hashable, Sendable {
    package let directive: String
    package let path: String
    /// Seconds from now; negative once it has expired.
    package let secondsLeft: Int
    /// Seconds from now; positive while it is not valid yet.
    package let secondsToStart: Int

    var isExpired: Bool { secondsLeft <= 0 }

    /// What an operator should know, or `nil` when all is well for thirty days.
    package var warning: String? {
        let days = secondsLeft / 86_400
        if isExpired { return "\(directive) \(path): a certificate in it has expired \(Self.count(-days)) ago" }
        if secondsToStart > 0 { return "\(directive) \(path): a certificate in it is not valid yet" }
        guard days < 30 else { return nil }
        return "\(directive) \(path): a certificate in it expires in \(Self.count(days))"
    }

    private static func count(_ days: Int) -> String { days == 1 ? "1 day" : "\(days) days" }
}

extension OpenSSL {
    /// The certificates in a PEM file, in their order; those behind one that can't be read are left out.
    func certificates(in contents: [UInt8], directive: String, path: String) -> [Certificate] {
        contents.withUnsafeBytes { bytes in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return [] }
            defer { _ = BIO_free(source) }
            var certificates: [Certificate] = []
            while let certificate = PEM_read_bio_X509(source, nil, givePassPhrase, nil) {
                certificates.append(
                    Certificate(
                        directive: directive, path: path, secondsLeft: seconds(until: X509_get0_notAfter(certificate)),
                        secondsToStart: seconds(until: X509_get0_notBefore(certificate))))
                X509_free(certificate)
            }
            ERR_clear_error()
            return certificates
        }
    }

    /// Seconds from now to an ASN1_TIME; 0 for one that makes no sense.
    private func seconds(until time: OpaquePointer?) -> Int {
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, nil, time) == 1 else { return 0 }
        return Int(days) * 86_400 + Int(seconds)
    }
}

/// Gives the library the pass phrase that `secret` points to, a text ending in NUL; without one it gives nothing.
///
/// It is set even where there is no pass phrase: the library would ask on the terminal otherwise.
nonisolated func givePassPhrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int32, _ isWriting: Int32, _ secret: UnsafeMutableRawPointer?
) -> Int32 {
    guard let buffer, let secret else { return -1 }
    let text = secret.assumingMemoryBound(to: CChar.self)
    var length = 0
    while text[length] != 0 { length += 1 }
    guard length <= Int(capacity) else { return -1 }
    buffer.update(from: text, count: length)
    return Int32(length)
}
