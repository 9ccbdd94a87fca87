// SPDX-License-Identifier: Apache-2.0

/// How clients talk to the registry; with https TLS goes through the balancers to the nodes.
enum LabTraffic: String, CaseIterable, Sendable { case http, https }
