# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts: finds the Swift 6 toolchain and puts it first in PATH.
# Debian has another program named swift (OpenStack's client), so the version is asked for.

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

is_swift_6() {
    [ -x "$1/swift" ] && "$1/swift" --version 2>/dev/null | grep -qE 'Swift version ([6-9]|[1-9][0-9])\.'
}

find_toolchain() {
    local folder
    local -a folders
    IFS=: read -r -a folders <<<"$PATH"
    for folder in "${folders[@]}" /opt/swift*/usr/bin /usr/local/swift*/usr/bin "${HOME:-/root}/.local/share/swiftly/bin" \
        /usr/share/swift*/usr/bin; do
        if is_swift_6 "$folder"; then
            PATH="$folder:$PATH"
            export PATH
            return
        fi
    done
    fail "no Swift 6 toolchain was found; install one from https://www.swift.org/install/linux/ and put it in PATH"
}

find_toolchain
