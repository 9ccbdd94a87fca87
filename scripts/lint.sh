#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks form: Swift sources by swift format, scripts by their shells, links of the documents by their targets.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh

say "Swift sources"
mapfile -t swift_files < <(git ls-files --cached --others --exclude-standard '*.swift')
swift format lint --strict --parallel "${swift_files[@]}"

say "Scripts"
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard '*.sh' .ci/run Benchmarks/run Fuzz/run)
for script in "${scripts[@]}"; do bash -n "$script"; done

say "Documents"
scripts/check-links.sh
