// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The measuring program: a package of its own, so that nobody who builds Haven builds it, and without dependencies, so
/// that it builds in seconds.
let package = Package(
    name: "haven-benchmarks",
    targets: [
        .systemLibrary(name: "CLinux"),
        .executableTarget(
            name: "bench",
            dependencies: ["CLinux"],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .treatAllWarnings(as: .error),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]),
    ]
)
