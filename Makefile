# Every command a person or CI runs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PACKAGES := proto-definitions service-kit infra/local user-service auth-service post-service relation-service notification-service api-gateway
MANIFESTS := constraints.txt pyproject.toml $(PACKAGES:%=%/pyproject.toml)

.PHONY: help
help: ## this list
	@grep -hE '^[a-zA-Z_%-]+:.*##' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  %-26s %s\n", $$1, $$2}'

.PHONY: install
install: $(STAMP) ## build .venv from constraints.txt; quick when nothing changed

$(STAMP): $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pinstack needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.x")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo 'This Python has no venv module (on Debian: apt-get install python3-venv).' >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --build-constraint constraints.txt --group dev $(PACKAGES:%=--editable ./%)
	@touch $@
