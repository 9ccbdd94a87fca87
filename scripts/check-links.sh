#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that every relative link of a Markdown page leads to a file of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."

broken=0
while IFS= read -r page; do
    while IFS= read -r target; do
        path=${target%%#*}
        [ -z "$path" ] || [ -e "$(dirname "$page")/$path" ] || { echo "$page: broken link $target" >&2; broken=1; }
    done < <(grep -oE '\]\([^) ]+\)' "$page" | sed -e 's/^](//' -e 's/)$//' | grep -vE '^(https?|mailto):|^#' || true)
done < <(git ls-files --cached --others --exclude-standard '*.md')
exit $broken
