// SPDX-License-Identifier: Apache-2.0

/// A value with keys somewhere inside: it shows the name of its type and nothing else, wherever it is printed, logged or
/// reflected, also as a part of something that is printed whole, such as a service in an error.
package protocol Opaque: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Opaque {
    package var description: String { "\(Self.self)" }
    package var debugDescription: String { "\(Self.self)" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension CloudBlobStore: Opaque {}
extension AzureOptions: Opaque {}
extension AzureService: Opaque {}
extension AzureSigner: Opaque {}
extension GCSOptions: Opaque {}
extension GCSService: Opaque {}
extension GCSSession: Opaque {}
extension GoogleAccount: Opaque {}
extension OSSOptions: Opaque {}
extension OSSService: Opaque {}
extension OSSSigner: Opaque {}
