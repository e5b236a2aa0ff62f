// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/container`, without a container engine: what the image would hold is put together
    /// by the script that the Dockerfile calls, and run below `chroot` by the user of the image.
    @Suite struct Container {
        private static let user = "65532:65532"

        @Test(.timeLimit(.minutes(3)))
        func `the image's files are enough for three sentinels that fail over`() throws {
            try withNetwork { network in
                let program = try Self.program()
                let data = try (1...3).map { try network.addHost("redis\($0)", 10 + $0) }
                for host in data {
                    let master = host === data[0] ? nil : (address: data[0].address, port: 6379)
                    try host.startRedis(
                        replicating: master, options: ["--requirepass", "se\"cr et\\", "--masterauth", "se\"cr et\\"])
                }
                let sentinels = try (1...3).map { try network.addHost("sentinel\($0)", 20 + $0) }
                for host in sentinels {
                    try tool(recipe("container/make-root"), program, host.path("/root"))
                    try "se\"cr et\\\n".write(
                        toFile: host.path("/root/etc/password"), atomically: false, encoding: .utf8)
                    try "192.0.2.11 redis-1\n".write(
                        toFile: host.path("/root/etc/hosts"), atomically: false, encoding: .utf8)
                    try start(host)
                    try host.awaitAnswer(port: 26379)
                }
                for host in sentinels { try awaitKnown(host) }
                for host in sentinels { try inside(host, "/usr/local/bin/health-check") }
                // The file holds the password as it is, and nobody else may read it.
                let file = sentinels[0].path("/root/var/lib/sentinel/sentinel.conf")
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)

                try data[0].kill("redis-6379")
                for host in sentinels {
                    try eventually("\(host.label) tells another master", within: .seconds(30)) {
                        try told(host)
                    } until: {
                        $0.hasSuffix(" 6379") && !$0.hasPrefix("redis-1") && !$0.hasPrefix("192.0.2.11")
                    }
                }
                // A container that comes back goes on with what it knew, not with its first environment.
                let master = try told(sentinels[0])
                try sentinels[0].kill("sentinel")
                try start(sentinels[0])
                try eventually("it remembers", within: .seconds(15)) { try told(sentinels[0]) == master }
                try sentinels[0].kill("sentinel")
                #expect(throws: Problem.self) { () throws in
                    try inside(sentinels[0], "/usr/local/bin/health-check")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `the entry point refuses what it can't use, and leaves nothing half written`() throws {
            try withTemporaryDirectory { directory in
                for (number, bad) in [
                    [], ["REDIS_MASTER_HOST=a b"], ["REDIS_MASTER_HOST=a", "REDIS_SENTINEL_QUORUM=two"],
                    ["REDIS_MASTER_HOST=a", "REDIS_MASTER_SET=x y"],
                    ["REDIS_MASTER_HOST=a", "REDIS_MASTER_PASSWORD_FILE=/nowhere"],
                ].enumerated() {
                    let file = "\(directory)/\(number).conf"
                    #expect(throws: Problem.self) { () throws in
                        try tool(
                            ["env", "-i", "PATH=/bin:/usr/bin", "SENTINEL_CONFIG=\(file)"] + bad + [
                                recipe("container/entry-point")
                            ])
                    }
                    #expect(!FileManager.default.fileExists(atPath: file), "\(bad)")
                }
            }
        }

        @Test func `the image is as small as the recipe says`() throws {
            try withTemporaryDirectory { directory in
                try tool(recipe("container/make-root"), Self.program(), directory + "/root")
                let bytes = try tool("du", "-sb", "--apparent-size", directory + "/root").split(separator: "\t").first
                let size = try #require(bytes.flatMap { Int($0) })
                let isRelease = ProcessInfo.processInfo.environment["SENTINEL_RELEASE_BINARY"] != nil
                print("container: the image's files take \(size) bytes\(isRelease ? "" : " with a debug build")")
                // A debug build is linked with Swift's libraries, which an image does not hold.
                #expect(size < (isRelease ? 19_000_000 : 200_000_000))
            }
        }

        @Test func `the manifests name what is there`() throws {
            let script = """
                import sys, re, yaml
                compose = yaml.safe_load(open(sys.argv[1]))
                entry = open(sys.argv[2]).read()
                services = compose["services"]
                assert sum(name.startswith("redis") for name in services) == 3, services
                sentinels = [value for name, value in services.items() if name.startswith("sentinel")]
                assert len(sentinels) == 3, services
                for sentinel in sentinels:
                    for name in sentinel["environment"]:
                        assert name.removesuffix("_FILE") in entry, name
                    for volume in sentinel["volumes"]:
                        assert volume.split(":")[0] in compose["volumes"], volume
                documents = [one for file in sys.argv[3:] for one in yaml.safe_load_all(open(file))]
                names = {(one["kind"], one["metadata"]["name"]) for one in documents}
                for one in documents:
                    if one["kind"] != "StatefulSet":
                        continue
                    assert ("Service", one["spec"]["serviceName"]) in names
                    pod = one["spec"]["template"]
                    assert pod["metadata"]["labels"] == one["spec"]["selector"]["matchLabels"]
                    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
                    volumes |= {claim["metadata"]["name"] for claim in one["spec"]["volumeClaimTemplates"]}
                    for volume in pod["spec"]["volumes"]:
                        if "configMap" in volume:
                            assert ("ConfigMap", volume["configMap"]["name"]) in names
                        if "secret" in volume:
                            assert ("Secret", volume["secret"]["secretName"]) in names
                    for container in pod["spec"]["containers"]:
                        assert "readinessProbe" in container
                        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
                """
            try tool(
                Programs.repository + "/.build/python/bin/python3", "-c", script, recipe("container/compose.yaml"),
                recipe("container/entry-point"), recipe("container/kubernetes/sentinel.yaml"),
                recipe("container/kubernetes/redis.yaml"))
        }

        @Test(.timeLimit(.minutes(2)))
        func `with a read-only configuration, as in Kubernetes, the state file remembers`() throws {
            try withNetwork { network in
                let host = try network.addHost("pod", 21)
                let redis = try network.addHost("redis", 11)
                try redis.startRedis(options: ["--requirepass", "change-me"])
                try tool(recipe("container/make-root"), Self.program(), host.path("/root"))
                let python = Programs.repository + "/.build/python/bin/python3"
                let extract = """
                    import sys, yaml
                    for one in yaml.safe_load_all(open(sys.argv[1])):
                        for field in ("data", "stringData"):
                            for name, text in (one.get(field) or {}).items():
                                open(f"{sys.argv[2]}/{name}", "w").write(text)
                    """
                try tool(python, "-c", extract, recipe("container/kubernetes/sentinel.yaml"), host.directory)
                let secrets = host.path("/root/etc/sentinel-secrets")
                try FileManager.default.createDirectory(atPath: secrets, withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    atPath: host.path("/passwords.conf"), toPath: secrets + "/passwords.conf")
                let configuration = host.path("/root/etc/sentinel/sentinel.conf")
                try FileManager.default.copyItem(atPath: host.path("/sentinel.conf"), toPath: configuration)
                try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: configuration)
                try "192.0.2.11 redis-0.redis\n192.0.2.21 sentinel-0.sentinel\n".write(
                    toFile: host.path("/root/etc/hosts"), atomically: false, encoding: .utf8)
                let original = try String(contentsOfFile: configuration, encoding: .utf8)

                let words = ["/etc/sentinel/sentinel.conf", "--sentinel", "announce-ip", "sentinel-0.sentinel"]
                try start(host, arguments: words)
                try host.awaitAnswer(port: 26379)
                try host.awaitKnown("mymaster", replicas: 0, peers: 0)
                let id = try host.ask("SENTINEL", "MYID", port: 26379)
                #expect(id.count == 40)
                #expect(try String(contentsOfFile: configuration, encoding: .utf8) == original)
                try host.kill("sentinel")
                try start(host, arguments: words)
                try host.awaitAnswer(port: 26379)
                #expect(try host.ask("SENTINEL", "MYID", port: 26379) == id)
            }
        }

        /// The release build when the tests were given one.
        private static func program() throws -> String {
            try ProcessInfo.processInfo.environment["SENTINEL_RELEASE_BINARY"] ?? SentinelProgram.ours.path()
        }

        private func start(_ host: TestHost, arguments: [String] = []) throws {
            let settings = [
                "REDIS_MASTER_HOST=redis-1", "REDIS_MASTER_PASSWORD_FILE=/etc/password",
                "REDIS_SENTINEL_DOWN_AFTER_MILLISECONDS=1000", "REDIS_SENTINEL_FAILOVER_TIMEOUT=10000",
                "REDIS_SENTINEL_RESOLVE_HOSTNAMES=yes",
            ]
            try host.start(
                "sentinel",
                [
                    try Programs.installed("env"), "-i", "PATH=/bin:/usr/bin",
                ] + (arguments.isEmpty ? settings : []) + Self.inside(host, "/usr/local/bin/entry-point") + arguments)
        }

        private func inside(_ host: TestHost, _ program: String) throws {
            try host.run([try Programs.installed("env"), "PATH=/bin:/usr/bin"] + Self.inside(host, program))
        }

        /// The words that run a program of the image, as its user, with the `/proc` that every container has.
        private static func inside(_ host: TestHost, _ program: String) throws -> [String] {
            let enter =
                #"root=$1; shift; mount --bind /proc "$root/proc" && exec "$CHROOT" --userspec="$USER" "$root" "$@""#
            return [
                "/usr/bin/env", "CHROOT=\(try Programs.installed("chroot"))", "USER=\(user)", "/bin/sh", "-c", enter,
                "sh",
                host.path("/root"), program,
            ]
        }

        private func told(_ host: TestHost) throws -> String { try host.told("mymaster") }

        private func awaitKnown(_ host: TestHost) throws { try host.awaitKnown("mymaster", replicas: 2, peers: 2) }
    }
}
