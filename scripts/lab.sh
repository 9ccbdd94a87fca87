#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the guide's picture in network namespaces, breaks it, and reports: scripts/lab.sh [SCENARIO...] [option...]
# DATABASE and STORE choose the backends; LAB_PROGRAM names a program that is built already, instead of `make dist`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh
[ "$(id -u)" = 0 ] || fail "the lab makes namespaces and must run as root"
scripts/install-packages.sh scripts/build-packages.txt scripts/test-packages.txt scripts/lab-packages.txt
PATH="$PATH:/usr/sbin:/sbin"
export PATH

DIST_PROGRAM=${LAB_PROGRAM:-} scripts/dist.sh
say "Building the lab"
swift build --product haven-lab
say "Running it; haven-lab --list shows all scenarios"
exec .build/debug/haven-lab --database "${DATABASE:-mariadb}" --store "${STORE:-swift}" "$@"
