# Every command a person or CI runs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SERVICES := user-service auth-service post-service relation-service notification-service
PACKAGES := proto-definitions service-kit infra/tail infra/local $(SERVICES) api-gateway
TESTED := system-tests monitoring infra/local infra/tail service-kit api-gateway auth-service notification-service post-service user-service relation-service proto-definitions
MANIFESTS := constraints.txt pyproject.toml $(PACKAGES:%=%/pyproject.toml)
LOCAL := $(BIN)/python -m pinstack_local
export BROKER ?= embedded
# Packages tested at once: they wait more than they compute.
JOBS ?= 2

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z% -]+:.*##/ {sub("%", "<service>", $$1); for (n = split($$1, names, " "); n; n--) printf "  %-24s %s\n", names[n], $$2}' $(MAKEFILE_LIST) | LC_ALL=C sort

# --- the platform

.PHONY: run
run: install ## the whole platform on this machine, without Docker (BROKER=embedded|kafka, GRPC_TLS=on, MONITORING=1)
	@exec $(LOCAL) run

.PHONY: demo
demo: install ## `make run`, and a story: people register, follow, post, and the live frames appear
	@exec $(LOCAL) demo

.PHONY: tail
tail: install ## somebody's notifications, live: ARGS="ada", or ARGS="ada --register ada@example.com"
	@exec $(BIN)/pinstack-tail $(ARGS)

.PHONY: certificates
certificates: install ## a CA and a certificate for each service, for GRPC_TLS=on; they are renewed in time
	@exec $(LOCAL) certificates

.PHONY: check-monitoring-health
check-monitoring-health: install ## ask every part of monitoring whether it is well (GRAFANA_URL= and so on for others)
	@$(LOCAL) check-monitoring

# --- set-up

.PHONY: install
install: $(STAMP) ## build .venv from constraints.txt; quick when nothing changed
	@:

$(STAMP): $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pinstack needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.x")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo 'This Python has no venv module (on Debian: apt-get install python3-venv).' >&2; exit 2; }
	@echo 'install: building $(VENV) from constraints.txt'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --build-constraint constraints.txt --group dev $(PACKAGES:%=--editable ./%)
	@touch $@

.PHONY: tools
tools: ## the programs that checks use beside Python, from Debian's packages, where this may install them
	@.ci/install_tools

MIGRATED := $(or $(SERVICE),$(SERVICES))
.PHONY: migrate-up migrate-down migrate-status
migrate-up: ## migrate the databases of SERVICE=, or of all: by their X_DATABASE_URL, or of the stack that runs
migrate-down: ## take the last migration of SERVICE=, or of each service, back
migrate-status: ## which migration the database of SERVICE=, or of each service, is at
migrate-up migrate-down migrate-status: install
	@$(if $(filter-out $(SERVICES),$(MIGRATED)),echo 'There is no service $(SERVICE); there are: $(SERVICES)' >&2; exit 2)
	@set -e; for service in $(MIGRATED); do echo "$$service:"; prefix=$${service%-service}; \
		$(LOCAL) attach --needs "$${prefix^^}_DATABASE_URL" -- $(MAKE) --no-print-directory -C $$service $@; done

# --- tests

.PHONY: test
test: install ## everything that proves the project, with real PostgreSQL, Redis and (where Java is) Kafka
	@$(LOCAL) exec --broker auto -- $(MAKE) --no-print-directory -j$(JOBS) --output-sync=target test-all

.PHONY: quick-test
quick-test: install ## unit tests only
	@$(MAKE) --no-print-directory test-unit

.PHONY: test-all
test-all: install test-repository $(TESTED:%=test@%) ## all layers, with the infrastructure that the environment names or the tests start

.PHONY: test-repository
test-repository: install ## the conventions that are checks
	@$(BIN)/python -m pytest -q -c pyproject.toml --rootdir . .ci/tests

.PHONY: $(TESTED:%=test@%)
$(TESTED:%=test@%): test@%: install
	@echo "--- $*"; $(MAKE) --no-print-directory -C $* test

.PHONY: test-unit test-integration
test-unit: ## the tests of every package that need nothing outside
test-integration: ## the tests of every package that need real PostgreSQL, Redis and Kafka
test-unit test-integration: install
	@set -e; for package in service-kit $(SERVICES) api-gateway; do echo "--- $$package"; $(MAKE) --no-print-directory -C $$package $@; done

.PHONY: test-system
test-system: install test@system-tests ## the journeys through public ports, against the local stack

.PHONY: test-contract
test-contract: install ## every operation for every kind of caller, and the document, on a running platform
	@$(MAKE) --no-print-directory -C system-tests test-contract

CASES ?= 20000
.PHONY: fuzz
fuzz: install ## ask every operation what nobody thought of: CASES=20000 requests, SEED= for the same again
	@$(MAKE) --no-print-directory -C system-tests fuzz CASES=$(CASES) SEED=$(SEED)

.PHONY: fuzz-ci
fuzz-ci: install ## `make fuzz`, shorter, and the same requests every time
	@$(MAKE) --no-print-directory -C system-tests fuzz CASES=5000 SEED=20260102

.PHONY: clients
clients: install ## a Python and a TypeScript client of the API's document, in build/clients, tried on a running platform
	@$(MAKE) --no-print-directory -C system-tests clients URL=$(URL)

.PHONY: test-monitoring
test-monitoring: install ## traces, logs, and every query of dashboards and alerts, on a running platform
	@$(MAKE) --no-print-directory -C system-tests test-monitoring

.PHONY: test-system-kafka
test-system-kafka: install ## `make test-system` against a real Apache Kafka
	@PINSTACK_TEST_BROKER=kafka $(MAKE) --no-print-directory -C system-tests test

# What a package's own tests reach; the system tests reach the rest through public ports.
COVERED := service-kit $(SERVICES) api-gateway infra/local infra/tail
COVERAGE := $(BIN)/coverage
.PHONY: coverage
coverage: install ## what the tests of each package reach of it, and pages in build/coverage (COVERED= for some packages)
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(LOCAL) exec --broker auto -- $(MAKE) --no-print-directory $(COVERED:%=coverage@%)
	@$(COVERAGE) combine --quiet --data-file=build/coverage/.data build/coverage/.data-*
	@$(COVERAGE) html --quiet --data-file=build/coverage/.data --directory=build/coverage
	@for package in $(COVERED); do printf '%-22s %s %%\n' $$package "$$($(COVERAGE) report --data-file=build/coverage/.data --include="$$package/*" --format=total)"; done

.PHONY: $(COVERED:%=coverage@%)
$(COVERED:%=coverage@%): coverage@%: install
	@COVERAGE_FILE=$(CURDIR)/build/coverage/.data-$(subst /,-,$*) $(MAKE) --no-print-directory -C $* test \
		ARGS="-q --cov=src --cov-config=$(CURDIR)/pyproject.toml --cov-report="

# --- benchmarks

.PHONY: bench
bench: install ## measure the platform on two cores; NAMES= for some only, BENCH_SECONDS=5
	@cd system-tests && exec ../$(BIN)/python -m load.run $(NAMES)

.PHONY: bench-compare
bench-compare: install ## this tree and another version in turns: BASE=v0.2.0 (any commit)
	@test -n '$(BASE)' || { echo 'Say with what to compare: make bench-compare BASE=<commit>' >&2; exit 2; }
	@cd system-tests && exec ../$(BIN)/python -m load.compare $(BASE)

.PHONY: chaos
chaos: install ## faults under load, every request checked (CHAOS_SECONDS=600, CHAOS_SEED=1); report in system-tests/chaos
	@$(MAKE) --no-print-directory -C system-tests chaos

.PHONY: chaos-brief
chaos-brief: install ## a minute of `make chaos`, with two replicas of everything
	@$(MAKE) --no-print-directory -C system-tests chaos CHAOS_SECONDS=60 CHAOS_REPLICAS=2

.PHONY: test-chaos
test-chaos: install ## planted faults are found, two replicas of everything, an outage of all brokers
	@$(MAKE) --no-print-directory -C system-tests test-chaos

# --- checks

.PHONY: fmt
fmt: install ## format and repair what can be repaired
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.PHONY: lint
lint: install $(TESTED:%=lint@%) ## format, lint, strict types, the dependency rule
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

.PHONY: $(TESTED:%=lint@%)
$(TESTED:%=lint@%): lint@%: install
	@echo "--- $*"; $(MAKE) --no-print-directory -C $* lint

.PHONY: proto proto-check
proto: ## generate the Python code from the .proto files
proto-check: ## fail on stale generated code, bad style, or a break since the last release
proto proto-check: install
	@$(MAKE) --no-print-directory -C proto-definitions $@

.PHONY: env-example env-example-check
env-example: install ## write .env.example from the settings
	@$(BIN)/python .ci/env_example.py
env-example-check: install ## fail where .env.example differs from the settings
	@$(BIN)/python .ci/env_example.py --check

.PHONY: dashboards dashboards-check
dashboards: ## write Grafana's dashboards from monitoring/dashboards
dashboards-check: ## fail where the dashboards differ from monitoring/dashboards
dashboards dashboards-check: install
	@$(MAKE) --no-print-directory -C monitoring $@

.PHONY: openapi openapi-check
openapi: install ## write api-gateway/openapi.json from the gateway's declarations
	@$(BIN)/python .ci/openapi.py
openapi-check: install ## fail where openapi.json differs from the declarations, or breaks clients of the last release
	@$(BIN)/python .ci/openapi.py --check && $(BIN)/python .ci/openapi_release.py

.PHONY: ci-local
ci-local: install lint proto-check env-example-check openapi-check dashboards-check check-deployment test-contract test-monitoring fuzz-ci clients test-system-kafka test-migrations chaos-brief ## what CI runs beside `make test`, but for test-rollout, test-chaos, coverage, audit, secret-scan, images

# --- accounts

ACCOUNTS := $(LOCAL) attach --needs AUTH_DATABASE_URL --

.PHONY: rotate-keys
rotate-keys: install ## sign access tokens with a new key; the old one verifies until its tokens are over
	@exec $(ACCOUNTS) $(BIN)/python -m auth_service.rotate_keys $(ARGS)

.PHONY: grant-role
grant-role: install ## give a role: ARGS="--login ada admin"; --take-away takes it back
	@exec $(ACCOUNTS) $(BIN)/python -m auth_service.grant_role $(ARGS)

.PHONY: end-sessions
end-sessions: install ## end every session of an account: ARGS="--login ada"
	@exec $(ACCOUNTS) $(BIN)/python -m auth_service.end_sessions $(ARGS)

# --- events

ATTACH := $(LOCAL) attach --

.PHONY: events-tail
events-tail: install ## decode events as they come; TOPIC= for one topic, ARGS="--from-start --key 7"
	@exec $(ATTACH) $(BIN)/python -m service_kit.events tail $(TOPIC) $(ARGS)

.PHONY: events-dlq
events-dlq: install ## dead letters: ARGS="list", or ARGS="show|requeue|drop --group G ID", see docs/events.md
	@exec $(ATTACH) $(BIN)/python -m service_kit.events dlq $(or $(ARGS),list)

.PHONY: replay
replay: install ## rebuild the inboxes of notification-service from their topic, see docs/events.md
	@exec $(LOCAL) attach --needs NOTIFICATION_DATABASE_URL -- $(BIN)/python -m notification_service.replay $(ARGS)

include infra/deployment.mk
