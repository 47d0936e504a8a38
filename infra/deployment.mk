# Images, Compose, Kubernetes, backup: included by the root Makefile.

COMPOSE := infra/docker/compose
TOOLS := build/tools
STACKS := --profile light --profile full --profile monitoring --profile elk --profile tools

# --- infrastructure and platform in Docker

.PHONY: start-infrastructure stop-infrastructure clean-infrastructure
start-infrastructure: ## PostgreSQL, Redis and Kafka in Docker, on ports of this machine
	@$(COMPOSE) --profile infrastructure up --detach --wait postgres redis kafka
	@$(COMPOSE) --profile infrastructure run --rm topics
stop-infrastructure: ## stop the PostgreSQL, Redis and Kafka in Docker, and keep what they know
	@$(COMPOSE) --profile infrastructure stop
clean-infrastructure: ## remove the PostgreSQL, Redis and Kafka in Docker with what they know
	@$(COMPOSE) --profile infrastructure rm --stop --force
	@docker volume rm --force pinstack_postgres pinstack_kafka

.PHONY: start-dev-light start-dev-full stop-dev-full clean-dev-full
start-dev-light: ## the platform in Docker, and Prometheus
	@$(COMPOSE) --profile light up --build --detach --wait
start-dev-full: ## the platform in Docker with a database server each, monitoring and ELK
	@$(COMPOSE) --profile full --profile monitoring --profile elk up --build --detach --wait
stop-dev-full: ## stop all that start-dev-light or start-dev-full started, and keep what it knows
	@$(COMPOSE) $(STACKS) stop
clean-dev-full: ## remove all of the platform in Docker, with its volumes
	@$(COMPOSE) $(STACKS) --profile infrastructure down --volumes --remove-orphans

.PHONY: start-monitoring start-prometheus-stack start-elk-stack
start-monitoring: ## Prometheus, Alertmanager, Grafana, Loki, Alloy and Tempo in Docker
	@$(COMPOSE) --profile monitoring up --detach --wait
start-prometheus-stack: ## Prometheus, Alertmanager and Grafana in Docker
	@$(COMPOSE) --profile monitoring up --detach --wait prometheus alertmanager grafana
start-elk-stack: ## Elasticsearch, Logstash, Kibana and Filebeat in Docker
	@$(COMPOSE) --profile elk up --detach --wait

.PHONY: images
images: ## build the image of every service: VERSION= for a tag other than dev
	@PINSTACK_VERSION=$(or $(VERSION),dev) $(COMPOSE) --profile full build

# --- looking inside

.PHONY: logs-%
logs-%: install ## follow a service's log, of the stack of this machine or of Compose (FOLLOW=no: only its end)
	@infra/docker/logs $*

.PHONY: redis-cli redis-flush
redis-cli: install ## a shell in the Redis of the stack that runs (ARGS="ping" for one command)
	@infra/docker/redis $(ARGS)
redis-flush: install ## forget all that is in Redis: caches, limits, idempotency keys; asks first
	@infra/docker/redis-flush

# --- backup

.PHONY: backup restore
backup: install ## write every database of the stack on this machine, its uploads and its secrets, into a folder: TO=
	@$(LOCAL) backup $(or $(TO),backups/$(shell date -u +%Y%m%dT%H%M%SZ))
restore: install ## put back what `make backup` wrote: FROM=, into the data folder of a stack that is stopped; asks first
	@$(LOCAL) restore $(or $(FROM),$(error FROM= names the folder of a backup)) $(if $(YES),--yes)

# --- what other folders need

.PHONY: setup-system-tests setup-monitoring
setup-system-tests: install ## what the system tests need: the packages, and Kafka where Java and Maven are
	@$(LOCAL) prepare
setup-monitoring: install ## what the checks of monitoring/ need
	@.ci/install_tools

# --- generated and checked

.PHONY: dockerfiles kubernetes
dockerfiles: install ## write the Dockerfiles from infra/docker/Dockerfile.template
	@$(BIN)/python .ci/dockerfiles.py
kubernetes: install ## write infra/kubernetes/base from its templates and infra/arrows.yaml
	@$(BIN)/python .ci/kubernetes.py

.PHONY: deploy
deploy: ## bring the overlay OVERLAY= (dev, prod) to the cluster of the current context: migrations first
	@infra/kubernetes/deploy $(or $(OVERLAY),dev)

.PHONY: test-migrations
test-migrations: install ## a column and an index for a table of a million rows (ROWS=) that is in use; nobody gets an error
	@cd service-kit && PINSTACK_MIGRATION_ROWS=$(or $(ROWS),1000000) ../$(BIN)/python -m pytest -q -s tests/integration/test_migrations_under_load.py -k column

.PHONY: test-rollout
test-rollout: install ## two replicas of each service under load: a rolling restart of each loses no request (needs Java)
	@$(MAKE) --no-print-directory -C system-tests test-rollout

.PHONY: check-deployment
check-deployment: $(VENV)/.deployment $(TOOLS)/.installed ## images, Compose, Kubernetes, workflows, scripts, SQL: checked without an engine or a cluster
	@PATH="$(abspath $(BIN)):$(abspath $(TOOLS)):$$PATH" .ci/check_deployment

.PHONY: audit
audit: $(VENV)/.deployment ## known vulnerabilities of what constraints.txt pins (asks a service of the Python package index)
	@PATH="$(abspath $(BIN)):$$PATH" .ci/audit

$(VENV)/.deployment: $(STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group deployment
	@touch $@

# Programs that come as Go modules; the versions are those that the checks were written with.
$(TOOLS)/.installed: infra/deployment.mk
	@command -v go >/dev/null || { echo 'check-deployment needs Go 1.26 or newer (go.dev), for kustomize, actionlint and compose-spec' >&2; exit 3; }
	@mkdir -p $(TOOLS)
	@GOBIN=$(abspath $(TOOLS)) go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
	@GOBIN=$(abspath $(TOOLS)) go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	@GOBIN=$(abspath $(TOOLS)) go install github.com/compose-spec/compose-go/v2/cmd@v2.16.2 && mv $(TOOLS)/cmd $(TOOLS)/compose-spec
	@touch $@

# --- releases

.PHONY: release push-images
release: install ## notes, contract archive and clients of VERSION= into dist/, see docs/development.md
	@.ci/release all $(or $(VERSION),$(error VERSION= names the version))
push-images: ## send the images of VERSION= to REGISTRY=
	@infra/docker/push $(or $(VERSION),$(error VERSION= names the version)) $(or $(REGISTRY),$(error REGISTRY= names the registry)) $(SERVICES) api-gateway

.PHONY: secret-scan
secret-scan: $(TOOLS)/gitleaks ## secrets in the files and in the history
	@$(TOOLS)/gitleaks git --no-banner --redact --config .ci/gitleaks.toml .

$(TOOLS)/gitleaks:
	@command -v go >/dev/null || { echo 'secret-scan needs Go 1.26 or newer (go.dev)' >&2; exit 3; }
	@mkdir -p $(TOOLS)
	@GOBIN=$(abspath $(TOOLS)) go install github.com/zricethezav/gitleaks/v8@v8.28.0
