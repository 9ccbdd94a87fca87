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
    # Each kind has the machine to itself: rooms, those that start databases and Redis, whole servers with real clients, servers
    # on databases, Redis and object stores, several servers that break what they stand on, and the crash rounds.
    servers='SystemTests\.(RedisLossTests|ObjectStoreTests|VendorStoreTests|SharedDatabaseTests)'
    swift test --skip-build --skip SystemTests --skip 'SQLStorageTests|MetadataTests|CacheTests|CloudStorageTests'
    for suite in SQLStorageTests MetadataTests CacheTests "$servers" ClusterTests CrashTests; do
        swift test --skip-build --filter "$suite"
    done
    swift test --skip-build --filter SystemTests --skip 'CrashTests|ClusterTests' --skip "$servers"
    # Every driver's contract on every object store, and the rules above the database on each of the others: make test-backends,
    # which also runs the tests of clusters on every database with every store.
    if [ -n "${HAVEN_TEST_BACKENDS:-}" ]; then
        swift test --skip-build --filter CloudStorageTests
        for database in postgresql mariadb galera; do
            HAVEN_TEST_DATABASE=$database swift test --skip-build --filter 'AccessTests|RegistryTests|LifecycleTests'
        done
    fi
fi
say "All tests passed"
