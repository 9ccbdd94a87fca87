#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs Haven from this folder: sudo ./install.sh [--ha] [--with-clair] [--with-notary] [--dry-run] [--prefix DIR]
# All options: ./install.sh --help. This script only looks whether the program can start; the program does the rest.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=$folder/haven

fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

[ "$(uname -s)" = Linux ] || fail "Haven runs on Linux, and this is $(uname -s)"
[ -x "$program" ] || fail "there is no program $program; unpack the installer again"

# The Debian package of a library that the program needs.
package_of() {
    case $1 in
    libsqlite3.so*) echo libsqlite3-0 ;;
    libhiredis.so*) echo libhiredis0.14 ;;
    libpq.so*) echo libpq5 ;;
    libmariadb.so*) echo libmariadb3 ;;
    libexpat.so*) echo libexpat1 ;;
    libstdc++.so*) echo libstdc++6 ;;
    libgcc_s.so*) echo libgcc-s1 ;;
    libz.so*) echo zlib1g ;;
    libc.so* | libm.so* | ld-linux*) echo libc6 ;;
    *) echo "$1" ;;
    esac
}

missing=$(ldd "$program" 2>/dev/null | awk '/not found/ { print $1 }')
if [ -n "$missing" ]; then
    packages=
    for library in $missing; do packages="$packages $(package_of "$library")"; done
    fail "these libraries are missing: $(echo "$missing" | tr '\n' ' ')
Install them and run this again:
    apt-get install --no-install-recommends$packages"
fi
"$program" --version >/dev/null 2>&1 || fail "$program does not start here: $("$program" --version 2>&1 | head -n 3)"

exec "$program" install --from "$folder" "$@"
