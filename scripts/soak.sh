#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Hours of crash rounds, collection and fuzzing. SOAK_ROUNDS (200) is the number of crash rounds, SOAK_COLLECTION (10800) the seconds
# of three nodes that collect beside clients, SOAK_FUZZ (600) the seconds of a fuzz target.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh

say "Fuzzing each target for ${SOAK_FUZZ:-600} seconds"
Fuzz/run "${SOAK_FUZZ:-600}"

say "Crash test: ${SOAK_ROUNDS:-200} rounds"
HAVEN_CRASH_ROUNDS=${SOAK_ROUNDS:-200} scripts/test.sh --filter CrashTests
say "Collectors beside clients: ${SOAK_COLLECTION:-10800} seconds"
HAVEN_SOAK_SECONDS=${SOAK_COLLECTION:-10800} scripts/test.sh --filter ClusterTests/CollectorTests/soak
say "The soak passed"
