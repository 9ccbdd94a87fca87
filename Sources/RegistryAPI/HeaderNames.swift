// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

// Every name below is a valid token, so the initialisers cannot fail.
extension HTTPField.Name {
    /// The digest of the content a request is about.
    static let dockerContentDigest = HTTPField.Name("Docker-Content-Digest")!
    /// The upload's id, for clients that do not read `Location`.
    static let dockerUploadUUID = HTTPField.Name("Docker-Upload-UUID")!
    /// Sent with `/v2/`, which clients of old probe for.
    static let dockerAPIVersion = HTTPField.Name("Docker-Distribution-Api-Version")!
    /// Tells a pusher that the registry lists referrers of the subject itself.
    static let ociSubject = HTTPField.Name("OCI-Subject")!
    /// A tag that points to the pushed manifest now.
    static let ociTag = HTTPField.Name("OCI-Tag")!
    /// Which filters a list of referrers passed.
    static let ociFiltersApplied = HTTPField.Name("OCI-Filters-Applied")!
    /// RFC 7234, section 5.5: that an answer may not be the latest. RFC 9111 dropped it from HTTP; clients show it still.
    static let warning = HTTPField.Name("Warning")!
}

extension HTTPFields {
    /// Says that what is answered was read before the database went out of reach.
    mutating func markStale() {
        self[.warning] = #"110 haven "Response is Stale""#
    }
}
