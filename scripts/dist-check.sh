#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the archive of `make dist` in a fresh Debian 12 that holds nothing but the packages of scripts/runtime-libraries.txt:
# without systemd, without a network, without curl. It logs in there, installs again, and takes everything away.
# usage: dist-check.sh [ARCHIVE]; by root. DIST_CHECK_MIRROR names another mirror than apt's first one.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh
archive=${1:-$(ls -t dist/haven-offline-installer-*.tgz 2>/dev/null | head -n 1)}
[ -r "$archive" ] || fail "there is no archive; run make dist"
[ "$(id -u)" = 0 ] || fail "a chroot needs root"
for tool in debootstrap unshare ip readelf; do
    command -v "$tool" >/dev/null || fail "$tool is missing; run scripts/install-packages.sh scripts/test-packages.txt"
done
mirror=${DIST_CHECK_MIRROR:-$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)}

# Not below /tmp, which may lie in memory: the doctor refuses to keep data there.
root=$(mktemp -d /var/tmp/haven-dist-check-XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
listed() { sed -e 's/#.*//' -e '/^$/d' scripts/runtime-libraries.txt | awk -v field="$1" '{ print $field }' | sort -u; }

say "Making a Debian 12 with: $(listed 2 | tr '\n' ' ')"
debootstrap --variant=minbase --include="$(listed 2 | paste -sd,)" bookworm "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 5 "$root.log")"
rm -f "$root.log"
tar -xf "$archive" -C "$root/opt"

say "Comparing the libraries that the program names with scripts/runtime-libraries.txt"
named=$(readelf -d "$root/opt/haven/haven" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' | sort -u)
tr '\n' ' ' <<<"$named"
echo
unlisted=$(comm -23 <(echo "$named") <(listed 1))
[ -z "$unlisted" ] || fail "not in the list: $unlisted"
unused=$(comm -13 <(echo "$named") <(listed 1))
[ -z "$unused" ] || fail "in the list, and needed by nothing: $unused"
if readelf -S "$root/opt/haven/haven" | grep -q '\.symtab'; then fail "the program is not stripped"; fi

say "Installing inside"
cp scripts/dist-check-inside.sh "$root/opt/check.sh"
timeout --kill-after=5 300 unshare --mount --pid --net --ipc --uts --fork --kill-child bash -euc '
    ip link set lo up
    mount --bind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    exec chroot "$1" /usr/bin/env -i HOME=/opt PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /opt/check.sh' - "$root"
say "Passed: $archive"
