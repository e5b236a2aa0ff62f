// SPDX-License-Identifier: Apache-2.0

import AccessControl
import EventLoop
import RESP

/// ACL.
///
/// - Source: spec/commands.md 4.6.
enum AccessCommands {
    static let handlers: [String: CommandTable.Handler] = [
        "acl|whoami": { _, client, _ in client.encoder.bulk(client.user.bytes) },
        "acl|users": { port, client, _ in bulks(client, port.access.users.names.map(\.bytes)) },
        "acl|list": { port, client, _ in bulks(client, port.access.users.sorted.map(\.line)) },
        "acl|getuser": { port, client, request in
            guard let user = port.access.users[UserName(request[2])] else { return client.encoder.null() }
            describe(client, user)
        },
        "acl|setuser": { port, client, request in
            port.changeUsers(for: client) {
                do throws(UsersError) {
                    try port.access.set(UserName(request[2]), (3..<request.count).map { request[$0] })
                    client.encoder.simple("OK")
                } catch {
                    client.encoder.error(error.reply)
                }
            }
        },
        "acl|deluser": { port, client, request in
            port.changeUsers(for: client) {
                do throws(UsersError) {
                    let deleted = try port.access.delete((2..<request.count).map { UserName(request[$0]) })
                    client.encoder.integer(deleted.count)
                } catch {
                    client.encoder.error(error.reply)
                }
            }
        },
        "acl|cat": { port, client, request in
            guard request.count <= 3 else { return port.refuse(client, CommandTable.noSuchForm(request)) }
            guard request.count == 3 else { return bulks(client, CategoryListing.names.map { Array($0.utf8) }) }
            guard let names = CategoryListing.commands(of: request[2]) else {
                return port.refuse(client, CategoryListing.unknown(request[2]))
            }
            bulks(client, names.map { Array($0.utf8) })
        },
        "acl|dryrun": { port, client, request in
            let tried = RESP.Request(Array(request.arguments.dropFirst(3)))
            switch port.access.users.dryRun(UserName(request[2]), tried, port.commandNames) {
            case .allowed: client.encoder.simple("OK")
            case .refused(let why): client.encoder.bulk(why)
            case .error(let text): port.refuse(client, text)
            }
        },
        "acl|genpass": { port, client, request in
            guard request.count <= 3 else { return port.refuse(client, CommandTable.noSuchForm(request)) }
            guard let bits = request.count > 2 ? Int(strictDecimal: request[2]) : 256 else {
                return port.refuse(client, "ERR value is not an integer or out of range")
            }
            guard let password = GeneratedPassword(bits: bits) else {
                return port.refuse(client, ErrorText(GeneratedPassword.badBits))
            }
            var system = SystemRandomNumberGenerator()
            client.encoder.bulk(
                password.text(
                    random: (0..<password.randomByteCount).map { _ in UInt8.random(in: 0...255, using: &system) }))
        },
        "acl|log": log,
        "acl|load": { port, client, _ in
            guard let file = port.accessFile else { return port.refuse(client, noFile) }
            // Users that are being saved would come back as they were.
            let request = port.oweReply(to: client)
            file.afterWriting {
                port.changeUsers(for: client) {
                    do throws(Access.StartError) {
                        try port.access.reload()
                        port.answerLater(request) { $0.simple("OK") }
                    } catch {
                        port.answerLater(request) { $0.error("ERR \(error.text)") }
                    }
                }
            }
        },
        "acl|save": { port, client, _ in
            guard let file = port.accessFile else { return port.refuse(client, noFile) }
            guard !client.isSilent else { return file.save(nil) }
            let request = port.oweReply(to: client)
            file.save { error in
                port.answerLater(request) { encoder in
                    if error == nil { encoder.simple("OK") } else { encoder.error(notSaved) }
                }
            }
        },
    ]

    private static let notSaved =
        "ERR There was an error trying to save the ACLs. Please check the server logs for more information"

    private static let noFile = ErrorText(
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
            + "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
            + "users in the Redis configuration.")

    private static func bulks(_ client: Client, _ texts: [[UInt8]]) {
        client.encoder.arrayHeader(texts.count)
        for text in texts { client.encoder.bulk(text) }
    }

    private static func describe(_ client: Client, _ user: User) {
        let fields = user.fields
        client.encoder.mapHeader(6)
        client.encoder.bulk("flags")
        client.encoder.setHeader(fields.flags.count)
        for flag in fields.flags { client.encoder.bulk(flag) }
        client.encoder.bulk("passwords")
        bulks(client, fields.passwords.map { Array($0.utf8) })
        describe(client, fields.permissions)
        client.encoder.bulk("selectors")
        client.encoder.arrayHeader(fields.selectors.count)
        for selector in fields.selectors {
            client.encoder.mapHeader(3)
            describe(client, selector)
        }
    }

    private static func describe(_ client: Client, _ permissions: User.Permissions) {
        for (name, value) in [
            ("commands", permissions.commands), ("keys", permissions.keys), ("channels", permissions.channels),
        ] {
            client.encoder.bulk(name)
            client.encoder.bulk(value)
        }
    }

    private static func log(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        guard request.count <= 3 else {
            return port.refuse(client, CommandTable.noSuchForm(request))
        }
        var limit = 10
        if request.count == 3 {
            if request.matches(2, "reset") {
                port.access.log.removeAll()
                return client.encoder.simple("OK")
            }
            guard let number = Int(strictDecimal: request[2]) else {
                return port.refuse(client, "ERR value is not an integer or out of range")
            }
            limit = max(0, number)
        }
        let now = Int(LocalTime.microseconds / 1000)
        let entries = port.access.log.entries.prefix(limit)
        client.encoder.arrayHeader(entries.count)
        for entry in entries { describe(client, entry, at: now) }
    }

    private static func describe(_ client: Client, _ entry: AccessLog.Entry, at now: Int) {
        client.encoder.mapHeader(10)
        client.encoder.bulk("count")
        client.encoder.integer(entry.count)
        client.encoder.bulk("reason")
        client.encoder.bulk(entry.refusal.reason)
        client.encoder.bulk("context")
        client.encoder.bulk("toplevel")
        client.encoder.bulk("object")
        client.encoder.bulk(entry.refusal.object)
        client.encoder.bulk("username")
        client.encoder.bulk(entry.user.bytes)
        client.encoder.bulk("age-seconds")
        client.encoder.double(entry.ageSeconds(at: now))
        client.encoder.bulk("client-info")
        client.encoder.bulk(entry.client)
        client.encoder.bulk("entry-id")
        client.encoder.integer(entry.id)
        client.encoder.bulk("timestamp-created")
        client.encoder.integer(entry.createdAt)
        client.encoder.bulk("timestamp-last-updated")
        client.encoder.integer(entry.updatedAt)
    }
}
