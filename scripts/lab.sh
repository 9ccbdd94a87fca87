#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the guide's picture in network namespaces, breaks it, and reports: scripts/lab.sh [SCENARIO...] [option...]
# DATABASE, STORE and TRAFFIC choose what it is built of; LAB_PROGRAM names a program that is built already, which may need this machine's libraries.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh
[ "$(id -u)" = 0 ] || fail "the lab makes namespaces and must run as root"
scripts/install-packages.sh scripts/build-packages.txt scripts/test-packages.txt scripts/lab-packages.txt
PATH="$PATH:/usr/sbin:/sbin"
export PATH

if [ -n "${LAB_PROGRAM:-}" ]; then
    DIST_PROGRAM=$LAB_PROGRAM DIST_LIBRARIES=any scripts/dist.sh
else
    scripts/dist.sh
fi
say "Building the lab"
swift build --product haven-lab
say "Running it; haven-lab --list shows all scenarios"
exec .build/debug/haven-lab --database "${DATABASE:-mariadb}" --store "${STORE:-swift}" --traffic "${TRAFFIC:-http}" "$@"
