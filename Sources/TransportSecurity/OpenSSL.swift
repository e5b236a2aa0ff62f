// SPDX-License-Identifier: Apache-2.0

// The functions of OpenSSL that are used, found when the program runs.
//
// They have the names OpenSSL documents them under. Their signatures are those of 1.1.1 and 3, which agree in all that
// is here; a `long` is an `Int`, every structure an opaque pointer.

// swift-format-ignore: AlwaysUseLowerCamelCase
/// The system's OpenSSL, 3 or 1.1.1; loaded when it is first wanted, for the rest of the process's life.
final class OpenSSL {
    /// Writes a pass phrase of at most the given length to the memory; says how long it is, or -1 without one.
    typealias PassPhraseCallback =
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
        ) -> Int32

    /// Where the library may be found.
    nonisolated static let names: [String] = {
        #if os(Linux)
            ["libssl.so.3", "libssl.so.1.1"]
        #else
            ["libssl.3.dylib", "libssl.1.1.dylib"].flatMap { name in
                ["/opt/homebrew/lib/\(name)", "/usr/local/lib/\(name)", name]
            }
        #endif
    }()

    private static var loaded: OpenSSL?

    /// The library, loaded if it is not yet.
    static func load() throws(TLSError) -> OpenSSL {
        if let loaded { return loaded }
        guard let library = SharedLibrary(anyOf: names) else { throw .libraryMissing }
        do throws(SharedLibrary.MissingFunction) {
            let openSSL = try OpenSSL(library)
            loaded = openSSL
            return openSSL
        } catch {
            throw .libraryUnusable(library.name, function: error.name)
        }
    }

    // The library as a whole.
    let OPENSSL_init_ssl: @convention(c) (UInt64, OpaquePointer?) -> Int32
    let OpenSSL_version: @convention(c) (Int32) -> UnsafePointer<CChar>?
    let ERR_get_error: @convention(c) () -> UInt
    let ERR_clear_error: @convention(c) () -> Void
    let ERR_reason_error_string: @convention(c) (UInt) -> UnsafePointer<CChar>?
    let X509_verify_cert_error_string: @convention(c) (Int) -> UnsafePointer<CChar>?

    // Contexts.
    let TLS_method: @convention(c) () -> OpaquePointer?
    let SSL_CTX_new: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let SSL_CTX_free: @convention(c) (OpaquePointer?) -> Void
    let SSL_CTX_ctrl: @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let SSL_CTX_set_options: @convention(c) (OpaquePointer?, UInt64) -> UInt64
    let SSL_CTX_set_timeout: @convention(c) (OpaquePointer?, Int) -> Int
    let SSL_CTX_set_session_id_context: @convention(c) (OpaquePointer?, UnsafePointer<UInt8>?, UInt32) -> Int32
    let SSL_CTX_set_verify: @convention(c) (OpaquePointer?, Int32, OpaquePointer?) -> Void
    let SSL_CTX_set_num_tickets: @convention(c) (OpaquePointer?, Int) -> Int32
    let SSL_CTX_set_cipher_list: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Int32
    let SSL_CTX_set_ciphersuites: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Int32
    let SSL_CTX_load_verify_locations:
        @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Int32
    let SSL_CTX_use_certificate_chain_file: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Int32
    let SSL_CTX_use_PrivateKey_file: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32
    let SSL_CTX_check_private_key: @convention(c) (OpaquePointer?) -> Int32
    let SSL_CTX_set_default_passwd_cb: @convention(c) (OpaquePointer?, PassPhraseCallback?) -> Void
    let SSL_CTX_set_default_passwd_cb_userdata: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Void

    // Sessions.
    let SSL_new: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let SSL_free: @convention(c) (OpaquePointer?) -> Void
    let SSL_set_bio: @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?) -> Void
    let SSL_set_accept_state: @convention(c) (OpaquePointer?) -> Void
    let SSL_set_connect_state: @convention(c) (OpaquePointer?) -> Void
    let SSL_do_handshake: @convention(c) (OpaquePointer?) -> Int32
    let SSL_read: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32) -> Int32
    let SSL_write: @convention(c) (OpaquePointer?, UnsafeRawPointer?, Int32) -> Int32
    let SSL_get_error: @convention(c) (OpaquePointer?, Int32) -> Int32
    let SSL_has_pending: @convention(c) (OpaquePointer?) -> Int32
    let SSL_shutdown: @convention(c) (OpaquePointer?) -> Int32
    let SSL_get_verify_result: @convention(c) (OpaquePointer?) -> Int
    let SSL_get_version: @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?

    // Bytes and certificates.
    let BIO_s_mem: @convention(c) () -> OpaquePointer?
    let BIO_new: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let BIO_new_mem_buf: @convention(c) (UnsafeRawPointer?, Int32) -> OpaquePointer?
    let BIO_free: @convention(c) (OpaquePointer?) -> Int32
    let BIO_read: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32) -> Int32
    let BIO_write: @convention(c) (OpaquePointer?, UnsafeRawPointer?, Int32) -> Int32
    let BIO_ctrl_pending: @convention(c) (OpaquePointer?) -> Int
    let PEM_read_bio_X509:
        @convention(c) (OpaquePointer?, OpaquePointer?, PassPhraseCallback?, UnsafeMutableRawPointer?) -> OpaquePointer?
    let X509_free: @convention(c) (OpaquePointer?) -> Void
    let X509_get0_notBefore: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let X509_get0_notAfter: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let ASN1_TIME_diff:
        @convention(c) (
            UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?, OpaquePointer?, OpaquePointer?
        ) -> Int32

    // Diffie-Hellman parameters: OpenSSL 3 has them as keys, 1.1.1 as something of their own.
    let PEM_read_bio_Parameters: @convention(c) (OpaquePointer?, OpaquePointer?) -> OpaquePointer?
    let EVP_PKEY_free: @convention(c) (OpaquePointer?) -> Void
    let SSL_CTX_set0_tmp_dh_pkey: (@convention(c) (OpaquePointer?, OpaquePointer?) -> Int32)?
    let PEM_read_bio_DHparams:
        (
            @convention(c) (
                OpaquePointer?, OpaquePointer?, PassPhraseCallback?, UnsafeMutableRawPointer?
            ) -> OpaquePointer?
        )?
    let DH_free: (@convention(c) (OpaquePointer?) -> Void)?

    private init(_ library: SharedLibrary) throws(SharedLibrary.MissingFunction) {
        OPENSSL_init_ssl = try library.function("OPENSSL_init_ssl")
        OpenSSL_version = try library.function("OpenSSL_version")
        ERR_get_error = try library.function("ERR_get_error")
        ERR_clear_error = try library.function("ERR_clear_error")
        ERR_reason_error_string = try library.function("ERR_reason_error_string")
        X509_verify_cert_error_string = try library.function("X509_verify_cert_error_string")

        TLS_method = try library.function("TLS_method")
        SSL_CTX_new = try library.function("SSL_CTX_new")
        SSL_CTX_free = try library.function("SSL_CTX_free")
        SSL_CTX_ctrl = try library.function("SSL_CTX_ctrl")
        SSL_CTX_set_options = try library.function("SSL_CTX_set_options")
        SSL_CTX_set_timeout = try library.function("SSL_CTX_set_timeout")
        SSL_CTX_set_session_id_context = try library.function("SSL_CTX_set_session_id_context")
        SSL_CTX_set_verify = try library.function("SSL_CTX_set_verify")
        SSL_CTX_set_num_tickets = try library.function("SSL_CTX_set_num_tickets")
        SSL_CTX_set_cipher_list = try library.function("SSL_CTX_set_cipher_list")
        SSL_CTX_set_ciphersuites = try library.function("SSL_CTX_set_ciphersuites")
        SSL_CTX_load_verify_locations = try library.function("SSL_CTX_load_verify_locations")
        SSL_CTX_use_certificate_chain_file = try library.function("SSL_CTX_use_certificate_chain_file")
        SSL_CTX_use_PrivateKey_file = try library.function("SSL_CTX_use_PrivateKey_file")
        SSL_CTX_check_private_key = try library.function("SSL_CTX_check_private_key")
        SSL_CTX_set_default_passwd_cb = try library.function("SSL_CTX_set_default_passwd_cb")
        SSL_CTX_set_default_passwd_cb_userdata = try library.function("SSL_CTX_set_default_passwd_cb_userdata")

        SSL_new = try library.function("SSL_new")
        SSL_free = try library.function("SSL_free")
        SSL_set_bio = try library.function("SSL_set_bio")
        SSL_set_accept_state = try library.function("SSL_set_accept_state")
        SSL_set_connect_state = try library.function("SSL_set_connect_state")
        SSL_do_handshake = try library.function("SSL_do_handshake")
        SSL_read = try library.function("SSL_read")
        SSL_write = try library.function("SSL_write")
        SSL_get_error = try library.function("SSL_get_error")
        SSL_has_pending = try library.function("SSL_has_pending")
        SSL_shutdown = try library.function("SSL_shutdown")
        SSL_get_verify_result = try library.function("SSL_get_verify_result")
        SSL_get_version = try library.function("SSL_get_version")

        BIO_s_mem = try library.function("BIO_s_mem")
        BIO_new = try library.function("BIO_new")
        BIO_new_mem_buf = try library.function("BIO_new_mem_buf")
        BIO_free = try library.function("BIO_free")
        BIO_read = try library.function("BIO_read")
        BIO_write = try library.function("BIO_write")
        BIO_ctrl_pending = try library.function("BIO_ctrl_pending")
        PEM_read_bio_X509 = try library.function("PEM_read_bio_X509")
        X509_free = try library.function("X509_free")
        X509_get0_notBefore = try library.function("X509_get0_notBefore")
        X509_get0_notAfter = try library.function("X509_get0_notAfter")
        ASN1_TIME_diff = try library.function("ASN1_TIME_diff")

        PEM_read_bio_Parameters = try library.function("PEM_read_bio_Parameters")
        EVP_PKEY_free = try library.function("EVP_PKEY_free")
        SSL_CTX_set0_tmp_dh_pkey = library.optional("SSL_CTX_set0_tmp_dh_pkey")
        PEM_read_bio_DHparams = library.optional("PEM_read_bio_DHparams")
        DH_free = library.optional("DH_free")

        _ = OPENSSL_init_ssl(0, nil)
    }

    /// `OpenSSL 3.0.19 27 Jan 2026`.
    var versionText: String { OpenSSL_version(0).map { String(cString: $0) } ?? "OpenSSL" }
}
