#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the optimised program and measures it beside its peers: Benchmarks/run with the arguments given.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh
scripts/build.sh
exec Benchmarks/run "$@"
