# `make` prints this file's targets. Each first makes sure that .venv holds what it needs: .venv-to-run what the platform does,
# .venv that and what the checks need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Whom Alertmanager tells (monitoring/README.md).
ALERTS := ALERT_PAGERDUTY_KEY ALERT_SLACK_URL ALERT_SLACK_CHANNEL ALERT_EMAIL_TO ALERT_EMAIL_FROM ALERT_SMTP ALERT_SMTP_USER \
          ALERT_SMTP_PASSWORD ALERT_WEBHOOK_URL ALERT_PAGES_BY ALERT_TICKETS_BY ALERT_RUNBOOKS_URL
VARIABLES := GATEWAY GATEWAY_PORT REPLICAS WATCH SCALE ONLY LOG_LEVEL LIMIT_SCALE SERVICE FOLLOW NAME ARGS WORKERS PYTHON \
             REQUEST ADDRESS WINDOW \
             OVERLAY KEYS BASE IMAGE_TAG VOLUMES CONTAINERS BASE_IMAGE POSTGRES_IMAGE REDIS_IMAGE KONG_IMAGE \
             $(ALERTS) PUBLISH_AT_A_TIME \
             RESERVATION_SECONDS ACCEPTED_RESERVATION_SECONDS MAX_UNPAID_RESERVATIONS BILLING_PAGE \
             OTLP_ENDPOINT TRACE_RATIO
WORKERS ?= 2
BIN := .venv/bin
RUN := $(BIN)/python

# A misspelt variable (make up GATEWY=none) would be ignored silently.
GIVEN := $(foreach word,$(MAKEOVERRIDES),$(if $(findstring =,$(word)),$(firstword $(subst =, ,$(word)))))
UNKNOWN := $(filter-out $(VARIABLES) -%,$(GIVEN))
$(if $(UNKNOWN),$(error $(UNKNOWN): no such variable. Allowed are $(VARIABLES)))

export GATEWAY GATEWAY_PORT REPLICAS WATCH SCALE ONLY LOG_LEVEL LIMIT_SCALE SERVICE FOLLOW NAME ARGS \
       REQUEST ADDRESS WINDOW $(ALERTS) PUBLISH_AT_A_TIME \
       IMAGE_TAG VOLUMES CONTAINERS BASE_IMAGE POSTGRES_IMAGE REDIS_IMAGE KONG_IMAGE \
       RESERVATION_SECONDS ACCEPTED_RESERVATION_SECONDS MAX_UNPAID_RESERVATIONS BILLING_PAGE OTLP_ENDPOINT TRACE_RATIO

.PHONY: help
help:
	@awk '/^##@ /{printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## /{split($$0, part, ":.*## "); printf "  %-15s %s\n", part[1], part[2]}' Makefile

##@ The platform on this machine
.PHONY: up down restart status logs clean seed exec
up: .venv-to-run ## start it   [GATEWAY=none] [GATEWAY_PORT=8000] [REPLICAS=1] [WATCH=1 [ALERT_WEBHOOK_URL=...]] [SCALE="sns=3"] [ONLY="postgres valkey"] [LOG_LEVEL=debug]
	@$(RUN) -m stack up
down: .venv-to-run ## stop it, keep its data
	@$(RUN) -m stack down
restart: .venv-to-run ## stop and start it, or one service   [SERVICE=coocook]
	@$(RUN) -m stack restart
status: .venv-to-run ## what runs: state, pid, port, uptime, memory, health
	@$(RUN) -m stack status
logs: .venv-to-run ## the last lines of the logs   [SERVICE=coocook] [FOLLOW=1], or one request's: [REQUEST=id]
	@$(RUN) -m stack logs
clean: .venv-to-run ## stop it, drop its data, passwords and logs
	@$(RUN) -m stack clean
seed: .venv-to-run ## write the development data again (does not overwrite)   [SERVICE=coocook]
	@$(RUN) -m stack seed
exec: .venv-to-run ## a service's own command, with the stack's settings   SERVICE=sns ARGS="jobs held"
	@$(RUN) -m stack exec

##@ Monitoring
.PHONY: monitoring-tools slo alertmanager-config alert-proof dashboards monitoring-manifests
monitoring-tools: .venv-to-run ## fetch Prometheus, Alertmanager and exporters, without root, where they are not on PATH
	@$(RUN) -m monitoring tools
dashboards: .venv ## write the JSON of Grafana's dashboards anew from monitoring/dashboards
	@$(RUN) -m monitoring.dashboards
monitoring-manifests: .venv-to-run ## write the rules and receivers of k8s/monitoring and compose anew from monitoring/
	@$(RUN) -m monitoring.kubernetes
slo: .venv-to-run ## the objectives and what is left of their budgets   [ADDRESS=http://127.0.0.1:8190] [WINDOW=30d]
	@$(RUN) -m stack slo
alertmanager-config: .venv-to-run ## alertmanager.yml from ALERT_... in the environment   [ARGS="--output alertmanager.yml"]
	@$(RUN) -m monitoring alertmanager $(ARGS)

alert-proof: .venv ## kill, slow and fill a stack of its own, at the committed rules' pace: half an hour   [ARGS=...]
	@$(BIN)/pytest tests/alerts/test_proof.py --pace 1 -s -o faulthandler_timeout=0 $(ARGS)

##@ Containers
.PHONY: images compose-up compose-down
images: .venv-to-run ## build the services' images   [SERVICE=coocook] [IMAGE_TAG=dev]
	@$(RUN) -m containers images $(SERVICE)
compose-up: .venv-to-run ## start compose.yaml with images made now   [GATEWAY_PORT=8000] [WATCH=1]
	@$(RUN) -m containers up
compose-down: .venv-to-run ## stop it   [VOLUMES=drop]
	@$(RUN) -m containers down

##@ Checks
.PHONY: test test-fast test-containers journey lint types contracts compat policies format
test: lint types contracts compat policies ## everything that CI checks   [ARGS="-k chefs"] [WORKERS=2] [CONTAINERS=auto]
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not containers" $(ARGS)
	@$(if $(ARGS),,$(MAKE) test-containers)
test-containers: .venv ## images, compose and the platform in containers   [CONTAINERS=required] [KONG_IMAGE=...] [ARGS=...]
	@$(BIN)/pytest -m containers -s -o faulthandler_timeout=900 tests $(ARGS)
test-fast: .venv ## the tests that need no running stack   [ARGS=...] [WORKERS=2]
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not stack and not containers" $(ARGS)
journey: .venv ## the customer's way through the gateway, on a stack of its own
	@$(BIN)/pytest tests/integration -m "not containers" $(ARGS)
lint: .venv ## ruff, and the format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
types: .venv ## strict mypy
	@$(BIN)/mypy
contracts: .venv ## who may import whom
	@$(BIN)/lint-imports
compat: .venv ## APIs and events against the committed snapshots   [BASE=origin/main]
	@$(RUN) -m tests.contract.promises check $(if $(BASE),--base $(BASE))
policies: .venv ## the rendered overlays of k8s/ against checkov's policies
	@$(RUN) -m tests.k8s.policies
format: .venv ## write files in the house's format
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

##@ Work
.PHONY: bench new-service new-migration rotate-keys snapshots alone lock policies-lock
bench: .venv ## measure, and write docs/benchmarks.md
	@$(RUN) -m tests.load $(ARGS)
new-service: .venv ## a service from the template, in every list of the services   NAME=loyalty
	@$(RUN) -m service_template "$(NAME)"
	@$(MAKE) .venv && $(RUN) -m tests.contract.promises write --service "$(NAME)"
	@$(RUN) -m monitoring.dashboards
new-migration: .venv-to-run ## a migration from the models   SERVICE=coocook NAME=add_tips
	@$(RUN) -m stack new-migration
rotate-keys: .venv-to-run ## a new signing key for the running stack; nobody is logged out
	@$(RUN) -m stack rotate-keys
snapshots: .venv ## write docs/api anew from the code; refuses what breaks a consumer
	@$(RUN) -m tests.contract.promises write
alone: ## one service beside shared, nothing else, and its tests there   SERVICE=coocook [BASE=origin/main] [ARGS=...]
	@$(firstword $(PYTHON) $(wildcard $(RUN)) python3) -m tests.alone $(SERVICE) $(if $(BASE),--base $(BASE)) $(ARGS)
lock: .venv ## resolve requirements.in into requirements.lock, and its parts
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile requirements.in --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" \
	  -o requirements.lock
	@$(RUN) -m containers lock
policies-lock: .venv ## resolve k8s/policies/requirements.in
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile k8s/policies/requirements.in --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make policies-lock" \
	  -o k8s/policies/requirements.lock

##@ Kubernetes
.PHONY: kong-config
kong-config: .venv-to-run ## kong.yml rendered into an overlay   OVERLAY=prod KEYS=keys.json [ARGS="--origin https://..."]
	@test -d "k8s/overlays/$(OVERLAY)" -a -n "$(OVERLAY)" || { echo "OVERLAY: one of $$(ls k8s/overlays | xargs)" >&2; exit 2; }
	@$(RUN) -m gateway render $(if $(KEYS),--keys $(KEYS),--closed) --redis redis://gateway-redis:6379/0 $(ARGS) \
	  --output k8s/overlays/$(OVERLAY)/kong.rendered.yml
	@$(RUN) -m gateway check --config k8s/overlays/$(OVERLAY)/kong.rendered.yml

# Not a real target: whether it is up to date is more than one file's age (a moved checkout, an interrupted run).
.PHONY: .venv .venv-to-run
.venv: PART := everything
.venv-to-run: PART := running
.venv .venv-to-run:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec $$python -m stack.install $(PART); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer is on PATH. Install one, or say make PYTHON=/path/to/python3.11" >&2; exit 2

.DEFAULT:
	@echo "$@: no such target. These are allowed:" >&2; $(MAKE) help >&2; exit 2
