// SPDX-License-Identifier: Apache-2.0

extension OpenSSL {
    /// What the library has noted of its last failure, which is forgotten thereby; `nil` if it noted nothing.
    ///
    /// The oldest note is the cause, those after it tell what else came of it.
    func takeReason() -> String? {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return nil }
        guard let text = ERR_reason_error_string(code) else { return "error \(String(code, radix: 16))" }
        return String(cString: text)
    }

    /// Why a handshake or a connection failed, for people to read.
    func failureText(of session: OpaquePointer) -> String {
        let reason = takeReason() ?? "no reason given"
        let verification = SSL_get_verify_result(session)
        if verification != 0, let text = X509_verify_cert_error_string(verification) {
            return "the certificate of the other end is not accepted: \(String(cString: text))"
        }
        if let alert = reason.firstRange(of: "alert ") {
            return "the other end refuses: \(reason[alert.upperBound...])"
        }
        return reason
    }
}
