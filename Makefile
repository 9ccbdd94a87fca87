# SPDX-License-Identifier: Apache-2.0
# Everything is done by the scripts; this file is their list.

.PHONY: help run test test-backends build dist dist-check lab lab-short lint bench bench-long soak clean
.DEFAULT_GOAL := help

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install what is missing, build, and start a registry on http://127.0.0.1:8080.
	@scripts/run.sh

test: ## Install what the tests need and run all of them, real clients included.
	@scripts/test.sh

test-backends: ## The same, with the tests of several nodes on every database and every store (hours).
	@HAVEN_TEST_BACKENDS=1 scripts/test.sh

build: ## Build the optimised program: .build/release/haven.
	@scripts/build.sh

dist: ## Pack the offline installer: dist/haven-offline-installer-<version>.tgz.
	@scripts/dist.sh

dist-check: ## Install that archive in a fresh Debian 12 with nothing but the libraries it needs, and remove it (root).
	@scripts/dist-check.sh

lab: ## Build the guide's picture in namespaces and break it: SCENARIO=node-kill DATABASE=postgresql STORE=s3 TRAFFIC=terminate OPTIONS=--large
	@scripts/lab.sh --report labs/ha $(SCENARIO) $(OPTIONS)

lab-short: ## The short set of it on the debug build, judged by what is lost and by failed commands, not by times (minutes, root).
	@LAB_PROGRAM=.build/debug/haven scripts/lab.sh --short --untimed

lint: ## Check the form of the sources, the scripts and the documents.
	@scripts/lint.sh

bench: ## Measure beside docker-registry and nginx, and on object stores (minutes).
	@scripts/bench.sh

bench-long: ## Measure with a million tags, a large catalog and a large collection (an hour or more).
	@scripts/bench.sh long

soak: ## Fuzz every parser, run 200 crash rounds and three hours of collection under load (more than four hours).
	@scripts/soak.sh

clean: ## Remove what was built.
	rm -rf .build .build-tools Benchmarks/.build Fuzz/.build
