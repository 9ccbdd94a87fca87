// SPDX-License-Identifier: Apache-2.0

import Testing

/// What runs on real object stores. One case at a time: the servers are few processes, and on a busy machine they answer
/// a crowd with timeouts.
@Suite("object stores", .serialized)
enum ObjectStores {}
