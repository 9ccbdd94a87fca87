#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need and runs them all. Arguments go to `swift test`, for example: scripts/test.sh --filter OCITests
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh

say "Step 1 of 3: packages"
scripts/install-packages.sh scripts/build-packages.txt scripts/test-packages.txt
venv=.build-tools/venv
if ! cmp -s scripts/test-python.txt "$venv/installed.txt"; then
    say "Installing with pip into $venv"
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --disable-pip-version-check --progress-bar off -r scripts/test-python.txt
    cp scripts/test-python.txt "$venv/installed.txt"
fi
PATH="$PATH:$PWD/$venv/bin:/usr/sbin:/sbin"
export PATH

# Every client was installed above, so one that is missing is a failure and no reason to skip its tests.
HAVEN_TEST_CLIENTS=1
export HAVEN_TEST_CLIENTS

say "Step 2 of 3: building (the first time this takes 10 minutes or more; each step is shown)"
swift build --build-tests

say "Step 3 of 3: testing"
if (($#)); then
    swift test --skip-build "$@"
else
    # Each kind has the machine to itself: rooms, those that start databases, Redis and object stores, servers on all of these,
    # fifty images on every store, crash rounds, servers with real clients, and nodes that lose what they stand on.
    servers='SystemTests\.(RedisLossTests|GuideFileTests|ObjectStoreTests|VendorStoreTests|SharedDatabaseTests|MistakeTests|HarborFileTests)'
    images='SystemTests\.FiftyImagesTests'
    swift test --skip-build --skip SystemTests --skip 'SQLStorageTests|MetadataTests|CacheTests|CloudStorageTests'
    suites=(SQLStorageTests MetadataTests CacheTests CloudStorageTests "$servers" "$images" CrashTests)
    for suite in "${suites[@]}"; do
        swift test --skip-build --filter "$suite"
    done
    # The rules above the database, on others than SQLite. A Galera cluster's three servers have enough to do with one test at a time.
    rules='AccessTests|RegistryTests|LifecycleTests'
    HAVEN_TEST_DATABASE=postgresql swift test --skip-build --filter "$rules"
    HAVEN_TEST_DATABASE=mariadb swift test --skip-build --filter "$rules"
    HAVEN_TEST_DATABASE=galera swift test --skip-build --no-parallel --filter "$rules"
    swift test --skip-build --filter SystemTests --skip 'CrashTests|ClusterTests' --skip "$servers" --skip "$images"
    swift test --skip-build --filter 'SystemTests\.ClusterTests'
fi
say "All tests passed"
