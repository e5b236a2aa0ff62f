// SPDX-License-Identifier: Apache-2.0

import Testing

/// Scenarios whose timing matters: one after the other, on real servers.
///
/// Each suite below extends it with one concept.
@Suite(.serialized, .ownThread) enum RealServers {}
