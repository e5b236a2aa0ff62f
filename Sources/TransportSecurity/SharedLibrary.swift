// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A library loaded while the program runs; it stays loaded until the end.
struct SharedLibrary {
    let name: String
    private let handle: UnsafeMutableRawPointer

    /// Loads the first of `names` that is there; `nil` when none is.
    init?(anyOf names: [String]) {
        for name in names {
            guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
            self.name = name
            self.handle = handle
            return
        }
        return nil
    }

    /// The function called `name`, here or in a library this one was linked with.
    ///
    /// Its signature is the one the result is used with; nobody checks it.
    /// - Throws: The name, if there is no such function.
    func function<Function>(_ name: String) throws(MissingFunction) -> Function {
        guard let function: Function = optional(name) else { throw MissingFunction(name: name) }
        return function
    }

    /// Like `function`, for one that only some versions have.
    func optional<Function>(_ name: String) -> Function? {
        guard let address = dlsym(handle, name) else { return nil }
        precondition(MemoryLayout<Function>.size == MemoryLayout<UnsafeMutableRawPointer>.size, "a C function's type")
        return unsafeBitCast(address, to: Function.self)
    }

    struct MissingFunction: Error {
        let name: String
    }
}
