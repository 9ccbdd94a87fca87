#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: install-packages.sh LIST...   installs the Debian packages that the lists name and the machine lacks.
# A list has one package a line; what follows # is a comment. No service is started by the installation.
set -euo pipefail
cd "$(dirname "$0")/.."

for list in "$@"; do [ -r "$list" ] || { echo "error: there is no list $PWD/$list" >&2; exit 1; }; done
missing=()
while read -r package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@" | sort -u)
((${#missing[@]})) || exit 0

command -v apt-get >/dev/null || { echo "error: this machine has no apt-get; install the equivalent of: ${missing[*]}" >&2; exit 1; }
root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "error: run as root, or: apt-get install ${missing[*]}" >&2; exit 1; }
    root=(sudo)
fi

echo "== Installing with apt-get: ${missing[*]}"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    # Debian starts a service when its package is installed; 101 forbids that while we install.
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod 755 "$policy"
    trap '"${root[@]}" rm -f "$policy"' EXIT
fi
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
"${apt[@]}" -q update
"${apt[@]}" -q install -y --no-install-recommends "${missing[@]}"
