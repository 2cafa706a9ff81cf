# Everything happens below this checkout: the environment in .venv, the rest in build/. Nothing needs root.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ROOT := $(CURDIR)
BUILD := $(ROOT)/build
BIN := $(ROOT)/.venv/bin
COLLECTION := $(BUILD)/collections/ansible_collections/cluster_aware/updating
PYTHON_FILES := plugins simulator tools tests

# One more than the two cores that the time limits are meant for: a scenario waits for its twin half of the time.
JOBS ?= 3

# Ansible keeps what it writes inside the checkout, and a proxy of the environment never sees loopback traffic.
export ANSIBLE_HOME := $(BUILD)/ansible
export ANSIBLE_LOCAL_TEMP := $(BUILD)/ansible/tmp
export ANSIBLE_COLLECTIONS_PATH := $(BUILD)/collections
export PYTHONDONTWRITEBYTECODE := 1
OFFLINE := env -u http_proxy -u https_proxy -u all_proxy -u ftp_proxy -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY -u FTP_PROXY

PYTEST := $(OFFLINE) $(BIN)/python -m pytest
PARALLEL := -n $(JOBS) --dist worksteal

.PHONY: help setup demo demo-hotfix twin twin-hotfix bench torture test check lint types unit sanity archive build docs molecule
.PHONY: pytest-ansible matrix hooks changelog clean distclean

help:
	@echo 'make demo    update a four-node failover cluster (a twin) from end to end, under two minutes'
	@echo 'make demo-hotfix    the same with hotfixes from a real SMB share (Samba, unpacked below build/)'
	@echo 'make twin    start a twin and print how to reach it; Ctrl-C ends it'
	@echo 'make twin-hotfix    the same with a file server that has a hotfix root folder'
	@echo 'make check   lint, types and unit tests, under two minutes'
	@echo 'make test    everything that the gate checks'
	@echo 'make torture kill, break and race runs at every point, and print what was tried and what held'
	@echo 'make bench   count messages, bytes and time, and hold them against the limits'
	@echo 'make molecule    play the Molecule scenarios, each against a twin'
	@echo 'make pytest-ansible    run the tests that use its fixtures'
	@echo 'make matrix  run tests with every supported release of ansible-core'
	@echo 'make hooks   check each commit with the tools of .venv (pre-commit)'
	@echo 'make lint    ruff, mypy, yamllint, ansible-lint, antsibull-changelog, antsibull-docs, reuse'
	@echo 'make docs    the documentation as a site, in build/docs/html'
	@echo 'make build   the archive for ansible-galaxy, in build/archive'
	@echo 'make clean   remove what the targets made; make distclean removes .venv too'

# --- environment -------------------------------------------------------------------------------------------------

setup: .venv/.ready $(COLLECTION)

.venv/.ready: requirements.txt simulator/requirements.txt requirements-dev.txt tools/setup.sh
	@sh tools/setup.sh

# Samba for the hotfixes: the machine's own, or Debian's package unpacked below build/debian; asked for where a proxy may still be used.
.PHONY: samba
samba: setup
	@$(BIN)/python -m tests.harness.samba_programs >/dev/null

$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

# --- use ---------------------------------------------------------------------------------------------------------

demo: setup
	@exec $(OFFLINE) $(BIN)/python -m tools.demo

demo-hotfix: samba
	@exec $(OFFLINE) $(BIN)/python -m tools.demo_hotfix

twin: setup
	@exec $(OFFLINE) $(BIN)/python -m tools.twin $(SCENARIO)

twin-hotfix: samba
	@exec $(OFFLINE) $(BIN)/python -m tools.twin --hotfixes $(SCENARIO)

torture: setup
	@exec $(OFFLINE) $(BIN)/python -m tools.torture

bench: setup
	@exec $(OFFLINE) $(BIN)/python -m tools.bench

# What reports look like in a browser: make report-pictures REPORT=path/to/report.html
.PHONY: report-pictures
report-pictures: setup
	@$(BIN)/python -m tools.report_pictures $(REPORT)

build: setup
	@rm -rf build/archive
	@$(BIN)/ansible-galaxy collection build --output-path build/archive .

# --- checks ------------------------------------------------------------------------------------------------------

# Each of the first keeps one core busy, so that two of them go on at a time. The summary of pytest comes last, so that a reader of the log
# finds it there.
test: samba
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target sanity lint archive importer docs pytest-ansible molecule
	@exec $(PYTEST) tests $(PARALLEL) --ignore=tests/archive

check: setup
	@$(MAKE) --no-print-directory ruff types
	@exec $(PYTEST) tests/unit $(PARALLEL)

lint: ruff types ansible-lint changelog-lint docs-lint reuse

.PHONY: ruff ansible-lint changelog-lint docs-lint reuse importer
ruff: setup
	$(BIN)/ruff check --quiet .

types: setup
	$(BIN)/mypy $(PYTHON_FILES)

ansible-lint: setup
	$(BIN)/yamllint --strict .
	$(OFFLINE) PATH="$(BIN):$$PATH" $(BIN)/ansible-lint -q

changelog-lint: setup
	$(BIN)/antsibull-changelog lint

reuse: setup
	$(BIN)/reuse lint --quiet

docs-lint: setup
	$(BIN)/python -m tools.site lint

# The guides and the pages of modules, plugins and roles as a site, in an environment of its own; a warning is an error.
docs: setup
	@$(BIN)/python -m tools.site

# What Galaxy's own importer says about the archive, in an environment of its own.
importer: setup
	$(BIN)/python -m tools.importer

unit: setup
	@exec $(PYTEST) tests/unit $(PARALLEL)

sanity: setup
	$(BIN)/python -m tools.sanity

archive: setup build
	@exec $(PYTEST) -q tests/archive

# Only some: make molecule SCENARIOS='default hotfix'
molecule: samba
	@exec $(OFFLINE) $(BIN)/python -m tools.molecule $(SCENARIOS)

# The plugin gets no say elsewhere: it would look for Molecule's scenarios and change the search path of every run.
pytest-ansible: setup
	@exec $(PYTEST) -q -p pytest_ansible.plugin --ansible-unit-inject-only tests/pytest_ansible

# Only some: make matrix RELEASES='2.18 2.19'
matrix: setup
	@exec $(BIN)/python -m tools.matrix $(RELEASES)

hooks: setup
	$(BIN)/pre-commit install

# Takes the fragments into the changelog: make changelog VERSION=0.2.0
changelog: setup
	cd $(COLLECTION) && PATH="$(BIN):$$PATH" antsibull-changelog release --version $(VERSION) --reload-plugins

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .ansible tests/output
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv
