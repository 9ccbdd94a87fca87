#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the offline installer: dist/haven-offline-installer-<version>.tgz, the same bytes for the same commit and program.
# DIST_PROGRAM names a program that is built already; DIST_LIBRARIES=any lets it need libraries that only this machine has.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${DIST_PROGRAM:-}
if [ -z "$program" ]; then
    scripts/build.sh
    program=.build/release/haven
fi
. scripts/toolchain.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=$work/haven
mkdir -p "$folder/templates" "$folder/licences" dist

say "Stripping the program"
cp -L "$program" "$folder/haven"
strip --strip-all "$folder/haven" 2>/dev/null || llvm-strip --strip-all "$folder/haven"
chmod 755 "$folder/haven"
version=$("$folder/haven" --version | awk '{ print $2 }')

if [ "${DIST_LIBRARIES:-listed}" = listed ]; then
    say "Comparing its libraries with scripts/runtime-libraries.txt"
    needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v -e '^ld-linux' | sort -u; }
    listed() { sed -e 's/#.*//' -e 's/ .*//' -e '/^$/d' scripts/runtime-libraries.txt | sort -u; }
    unlisted=$(comm -23 <(needed "$folder/haven") <(listed))
    [ -z "$unlisted" ] || fail "scripts/runtime-libraries.txt lacks: $unlisted"
fi

say "Adding script, settings, schemas and licences"
cp Sources/Installer/Resources/install.sh "$folder/install.sh"
cp docs/examples/install.cfg "$folder/haven.cfg"
cp docs/reference/settings.md docs/guides/install.md "$folder/"
if [ -f docs/examples/cluster.yml ]; then cp docs/examples/cluster.yml "$folder/templates/"; fi
for dialect in mariadb postgresql; do
    "$folder/haven" db schema --dialect "$dialect" >"$folder/templates/registry.$dialect.sql"
done
cp "$folder/templates/registry.mariadb.sql" "$folder/registry.sql"
cp LICENSE "$folder/LICENSE"
for checkout in .build/checkouts/*/; do
    name=$(basename "$checkout")
    for file in "$checkout"LICENSE* "$checkout"NOTICE*; do
        [ -f "$file" ] && cp "$file" "$folder/licences/$name-$(basename "$file")"
    done
done
{
    echo "Libraries that the program loads from the host, by Debian package, with the versions it was built with:"
    while read -r library package; do
        printf '%s %s %s\n' "$library" "$package" "$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null || echo -)"
    done < <(sed -e 's/#.*//' -e '/^$/d' scripts/runtime-libraries.txt)
} >"$folder/licences/host-libraries.txt"

say "Packing"
time=$(git log -1 --format=%ct 2>/dev/null || echo 0)
find "$folder" -type d -exec chmod 755 {} +
find "$folder" -type f ! -name haven ! -name install.sh -exec chmod 644 {} +
chmod 755 "$folder/install.sh"
chmod 600 "$folder/haven.cfg"
archive=dist/haven-offline-installer-$version.tgz
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" --format=gnu --directory "$work" haven |
    gzip -n -6 >"$archive"
(cd dist && sha256sum "$(basename "$archive")" >"$(basename "$archive").sha256")
say "Made: $archive, $(du -h "$archive" | cut -f1), program $(du -h "$folder/haven" | cut -f1)"
