// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The rooms of Haven, from the values at the bottom to the command line at the top.
///
/// A room may import only rooms that stand before it; ArchitectureTests reads this list and holds the order.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

extension Target {
    /// A library room.
    static func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
        .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
    }

    /// The tests of a room.
    static func tests(_ room: String, _ dependencies: [Target.Dependency]) -> Target {
        .testTarget(name: "\(room)Tests", dependencies: dependencies, swiftSettings: strict)
    }
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP2 = Target.Dependency.product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "haven",
    products: [.executable(name: "haven", targets: ["haven"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CHiredis"),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq"),
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb"),
        .systemLibrary(name: "CExpat"),
        .room("OCI", [crypto]),
        .room("SQLStorage", ["CPostgreSQL", "CMariaDB", grdb, grdbSQLite]),
        .room("Cache", ["CHiredis", crypto, logging, nioCore, nioPosix, nioSSL]),
        .room("BlobStorage", ["CLinux", "OCI", nioCore, nioPosix]),
        .room(
            "CloudStorage",
            [
                "CExpat", "OCI", "BlobStorage", asyncHTTPClient, crypto, cryptoExtras, logging, nioCore, nioHTTP1,
                nioPosix, nioSSL,
            ]),
        .room("Metadata", ["OCI", "SQLStorage", crypto]),
        .room("Events", ["OCI", "Metadata"]),
        .room("Access", ["OCI", "SQLStorage", "Cache", "Metadata", crypto, cryptoExtras]),
        .room(
            "Registry",
            ["OCI", "SQLStorage", "Cache", "BlobStorage", "Metadata", "Events", "Access", nioCore, logging]),
        .room("Lifecycle", ["OCI", "SQLStorage", "BlobStorage", "Metadata", "Events", "Access", "Registry", nioCore]),
        .room("Cluster", ["OCI", yams]),
        .room(
            "HTTPSupport",
            [
                "CLinux", "OCI", "BlobStorage", hummingbirdCore, httpTypes, nioCore, nioPosix, nioHTTP1, nioHTTP2,
                nioHTTPTypes, nioHTTPTypesHTTP2, nioSSL, nioTLS, serviceLifecycle, logging,
            ]),
        .room(
            "RegistryAPI",
            [
                "OCI", "SQLStorage", "BlobStorage", "Metadata", "Access", "Registry", "HTTPSupport", hummingbirdCore,
                httpTypes, nioCore,
            ]),
        .room("HarborAPI", ["OCI", "HTTPSupport", hummingbirdCore, httpTypes, nioCore]),
        .room(
            "HavenServer",
            [
                "OCI", "SQLStorage", "Cache", "BlobStorage", "CloudStorage", "Metadata", "Access", "Registry",
                "Lifecycle",
                "HTTPSupport", "RegistryAPI", "HarborAPI", hummingbirdCore, logging, nioCore, nioPosix, nioSSL,
                serviceLifecycle, unixSignals, httpTypes,
            ]),
        .room(
            "Installer",
            [
                "SQLStorage", "Metadata", "Access", "HavenServer", asyncHTTPClient, crypto, cryptoExtras, nioCore,
                nioHTTP1, nioSSL, subprocess, unixSignals,
            ], resources: [.embedInCode("Resources/install.sh")]),
        .executableTarget(
            name: "haven",
            dependencies: [
                "OCI", "SQLStorage", "BlobStorage", "Access", "Metadata", "Lifecycle", "Cluster", "HavenServer",
                "Installer", argumentParser, logging, subprocess,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "sql-peer", dependencies: ["SQLStorage"], path: "Tests/SQLPeer", swiftSettings: strict),
        .executableTarget(
            name: "blob-peer", dependencies: ["BlobStorage", nioCore], path: "Tests/BlobPeer", swiftSettings: strict),
        .target(
            name: "TestKit",
            dependencies: [
                "CLinux", "OCI", "SQLStorage", "Cache", "BlobStorage", "CloudStorage", "Metadata", "Access", "Registry",
                "Lifecycle", "HTTPSupport", "HavenServer", asyncHTTPClient, crypto, cryptoExtras, jwtKit, nioCore,
                nioPosix, nioHTTP1, nioSSL, subprocess, x509,
                logging,
            ],
            path: "Tests/TestKit",
            swiftSettings: strict),
        .executableTarget(
            name: "haven-lab",
            dependencies: ["SQLStorage", "TestKit", argumentParser, asyncHTTPClient, nioCore, nioHTTP1, nioSSL],
            path: "Tests/Lab",
            swiftSettings: strict),
        .tests("Lab", ["haven-lab"]),
        .tests("OCI", ["OCI", "TestKit"]),
        .tests("SQLStorage", ["SQLStorage", "TestKit", "sql-peer"]),
        .tests("Metadata", ["Metadata", "SQLStorage", "OCI", "TestKit"]),
        .testTarget(
            name: "BlobStorageTests",
            dependencies: ["BlobStorage", "CLinux", "OCI", "TestKit", "blob-peer", nioCore],
            exclude: ["Shim"],
            swiftSettings: strict),
        .tests(
            "CloudStorage",
            [
                "Access", "BlobStorage", "CloudStorage", "Lifecycle", "Metadata", "OCI", "Registry", "TestKit", logging,
                nioCore,
            ]),
        .tests("Cache", ["Cache", "TestKit", nioCore]),
        .tests(
            "Access", ["Access", "Cache", "Metadata", "OCI", "SQLStorage", "TestKit", crypto, cryptoExtras, jwtKit]),
        .tests("HarborAPI", ["HarborAPI", "HTTPSupport", hummingbirdCore, httpTypes, nioCore, logging]),
        .tests(
            "HavenServer",
            [
                "Access", "Cache", "HTTPSupport", "HavenServer", "SQLStorage", "TestKit", hummingbirdCore, httpTypes,
                logging, nioCore,
            ]),
        .tests(
            "HTTPSupport",
            [
                "HTTPSupport", "BlobStorage", "OCI", "TestKit", hummingbirdCore, httpTypes, nioCore, nioPosix, nioHTTP1,
                nioSSL,
                asyncHTTPClient, serviceLifecycle, logging,
            ]),
        .tests(
            "Registry",
            ["OCI", "Cache", "BlobStorage", "Metadata", "Access", "Registry", "SQLStorage", "TestKit", nioCore]),
        .tests("RegistryAPI", ["OCI", "Metadata", "RegistryAPI"]),
        .tests("Lifecycle", ["BlobStorage", "Lifecycle", "Metadata", "OCI", "SQLStorage", "TestKit", nioCore]),
        .testTarget(
            name: "ClusterTests", dependencies: ["Cluster", "TestKit"], exclude: ["Golden"], swiftSettings: strict),
        .tests("Architecture", ["TestKit"]),
        .tests("System", ["Metadata", "SQLStorage", "TestKit", "haven", asyncHTTPClient, nioCore]),
    ]
)
