#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the optimised program, with the Swift runtime inside: .build/release/haven
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh
scripts/install-packages.sh scripts/build-packages.txt

say "Building .build/release/haven (the first time this takes 10 minutes or more; each step is shown)"
swift build -c release --static-swift-stdlib --product haven
say "Built: $(.build/release/haven --version), $(du -h -L .build/release/haven | cut -f1)"
