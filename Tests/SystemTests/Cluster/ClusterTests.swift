// SPDX-License-Identifier: Apache-2.0
import Testing

/// Two or three real nodes over one database and one store.
///
/// One test after the other, for each is a load of its own and breaks what it stands on. `make test-backends` runs each on every
/// database with every store, `make test` on those pairs that the tests name.
@Suite(.serialized) struct ClusterTests {}
