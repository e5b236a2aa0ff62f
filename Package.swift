// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// What every target is held to: Swift 6, no silent import, no warning.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Targets without I/O: decisions and formats, checked for memory safety as well.
let pure = strict + [.strictMemorySafety()]

/// Targets that own descriptors: everything in them lives on the main queue.
let mainQueue = strict + [.defaultIsolation(MainActor.self)]

let package = Package(
    name: "swift-sentinel",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "redis-sentinel", targets: ["redis-sentinel"]),
        .executable(name: "sentinel-demo", targets: ["sentinel-demo"]),
        .executable(name: "sentinel-benchmark", targets: ["sentinel-benchmark"]),
        .executable(name: "sentinel-simulate", targets: ["sentinel-simulate"]),
        .executable(name: "sentinel-fuzz", targets: ["sentinel-fuzz"]),
    ],
    targets: [
        .target(name: "SentinelCore", swiftSettings: pure),
        .target(name: "RESP", swiftSettings: pure),
        .target(name: "CommandCatalogue", swiftSettings: pure),
        .target(name: "AccessControl", dependencies: ["CommandCatalogue", "RESP"], swiftSettings: pure),
        .target(name: "SentinelWire", dependencies: ["SentinelCore", "RESP"], swiftSettings: pure),
        .target(name: "SentinelConfiguration", dependencies: ["SentinelCore"], swiftSettings: pure),
        .target(name: "FileJournal", swiftSettings: pure),
        .systemLibrary(name: "CLinux"),
        .target(name: "CSignals"),
        .target(
            name: "EventLoop",
            dependencies: ["CSignals", "FileJournal", .target(name: "CLinux", condition: .when(platforms: [.linux]))],
            swiftSettings: mainQueue),
        .target(
            name: "TransportSecurity",
            dependencies: ["EventLoop", "SentinelConfiguration", "SentinelCore"],
            swiftSettings: mainQueue),
        .target(
            name: "SentinelServer",
            dependencies: [
                "SentinelCore", "RESP", "SentinelWire", "SentinelConfiguration", "CommandCatalogue", "AccessControl",
                "EventLoop", "TransportSecurity",
            ],
            swiftSettings: mainQueue),
        .executableTarget(
            name: "redis-sentinel",
            dependencies: ["SentinelServer", "SentinelConfiguration", "EventLoop"],
            swiftSettings: mainQueue),
        .target(name: "DataNode", dependencies: ["RESP", "EventLoop"], swiftSettings: mainQueue),
        .target(
            name: "ClusterProcesses", dependencies: ["DataNode", "RESP", "EventLoop"], swiftSettings: mainQueue),
        .executableTarget(
            name: "sentinel-demo",
            dependencies: ["ClusterProcesses", "RESP", "EventLoop", "redis-sentinel"],
            swiftSettings: mainQueue),
        .executableTarget(
            name: "sentinel-benchmark",
            dependencies: [
                "ClusterProcesses", "RESP", "EventLoop", "SentinelConfiguration", "TransportSecurity",
                "redis-sentinel",
            ],
            swiftSettings: mainQueue),
        .target(
            name: "SentinelSimulation",
            dependencies: ["SentinelCore", "SentinelWire", "SentinelConfiguration", "FileJournal"],
            swiftSettings: pure),
        .executableTarget(
            name: "sentinel-fuzz", dependencies: ["SentinelConfiguration", "SentinelCore"], swiftSettings: strict),
        .executableTarget(name: "sentinel-simulate", dependencies: ["SentinelSimulation"], swiftSettings: strict),
        .testTarget(name: "SentinelCoreTests", dependencies: ["SentinelCore"], swiftSettings: strict),
        .testTarget(name: "RESPTests", dependencies: ["RESP", "SentinelCore", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "CommandCatalogueTests", dependencies: ["CommandCatalogue"], swiftSettings: strict),
        .testTarget(
            name: "AccessControlTests", dependencies: ["AccessControl", "CommandCatalogue", "RESP", "SentinelCore"],
            swiftSettings: strict),
        .testTarget(
            name: "SentinelWireTests", dependencies: ["SentinelWire", "SentinelCore", "RESP"], swiftSettings: strict),
        .testTarget(
            name: "SentinelConfigurationTests",
            dependencies: ["SentinelConfiguration", "SentinelCore", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "SentinelSimulationTests", dependencies: ["SentinelSimulation", "SentinelCore"],
            swiftSettings: strict),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "FileJournal"], swiftSettings: mainQueue),
        .testTarget(
            name: "TransportSecurityTests",
            dependencies: [
                "TransportSecurity", "EventLoop", "SentinelConfiguration", "SentinelCore", "TestCertificates",
            ],
            swiftSettings: mainQueue),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(name: "TestCertificates", path: "Tests/TestCertificates", swiftSettings: strict),
        .testTarget(
            name: "DataNodeTests", dependencies: ["DataNode", "RESP", "EventLoop"], swiftSettings: mainQueue),
        .testTarget(
            name: "SentinelServerTests",
            dependencies: [
                "SentinelServer", "SentinelConfiguration", "SentinelCore", "EventLoop", "AccessControl",
                "CommandCatalogue",
            ],
            swiftSettings: mainQueue),
        .testTarget(
            name: "CompatibilityTests",
            dependencies: [
                "RESP", "EventLoop", "SentinelConfiguration", "SentinelCore", "TestCertificates", "redis-sentinel",
                "sentinel-demo", "sentinel-benchmark",
            ],
            exclude: [
                "Conformance/Conversations", "Deployments/counter.py", "Deployments/filtered.py",
                "OtherPrograms/redis_py.py",
            ],
            swiftSettings: strict),
    ]
)
