// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Fuzz targets for the readers of untrusted text: one executable each, all bytes from libFuzzer.
///
/// This is a package of its own so that no user builds it. The rooms under test are symbolic links to the real sources,
/// compiled here with coverage; as parts of this package they open their `package` declarations to the targets.
let covered: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

extension Target {
    /// A program that hands every input of libFuzzer to one function.
    static func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(
            name: name, dependencies: dependencies, swiftSettings: covered,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
    }
}

let package = Package(
    name: "fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2")],
    targets: [
        .target(name: "OCI", dependencies: [crypto], swiftSettings: covered),
        .systemLibrary(name: "CFuzzer"),
        .target(name: "Promises", dependencies: ["CFuzzer"], swiftSettings: covered),
        .target(name: "AccessTexts", dependencies: ["OCI"], swiftSettings: covered),
        .target(name: "SettingTexts", swiftSettings: covered),
        .fuzzer("FuzzManifest", ["OCI", "Promises"]),
        .fuzzer("FuzzJSON", ["OCI", "Promises"]),
        .fuzzer("FuzzNames", ["OCI", "Promises"]),
        .fuzzer("FuzzPatterns", ["AccessTexts", "Promises"]),
        .fuzzer("FuzzScopes", ["AccessTexts", "Promises"]),
        .fuzzer("FuzzSettings", ["SettingTexts", "Promises"]),
    ]
)
