# Every task of the project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
export PORT ?= 8000
export DATA_DIR ?= data
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PY := .venv/bin/python

# Where `make test` finds PostgreSQL and Redis.
TEST_DATABASE_URL ?= postgres://$(shell id -un)@/shopfolio?host=/var/run/postgresql
TEST_REDIS_URL ?= redis://127.0.0.1:6379

# What another database shows before all else. .ci/run does the other rows there too.
AT_ONCE := tests/race tests/crash

# The tests that do more when there is time.
SOAK_TESTS := tests/crash tests/race tests/nasty tests/ecommerce tests/core/test_search.py tests/test_crawler.py

# Three on two cores: one of them is always waiting, for a browser, for Redis, for a killed process to be back.
TEST_WORKERS ?= 3

.PHONY: help
help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/installed ## Set up everything and run the site at http://127.0.0.1:8000 (another port: PORT=8100)
	@mkdir -p "$$DATA_DIR"
	@if [ -z "$${DATABASE_URL:-}" ] && [ ! -e "$$DATA_DIR/shopfolio.sqlite3" ]; then touch "$$DATA_DIR/demo-wanted"; fi
	@if [ -n "$${DATABASE_URL:-}" ] || [ ! -e "$$DATA_DIR/prepared" ] || \
		[ -n "$$(find .venv/installed shopfolio/static shopfolio/*/migrations -newer "$$DATA_DIR/prepared" -type f -print -quit)" ]; \
	then \
		echo "Preparing the database …"; $(PY) -m shopfolio migrate --verbosity 0; \
		echo "Preparing the static files (about ten seconds) …"; $(PY) -m shopfolio collectstatic --noinput --verbosity 0; \
		if [ -e "$$DATA_DIR/demo-wanted" ]; then $(PY) -m shopfolio demo; rm "$$DATA_DIR/demo-wanted"; fi; \
		touch "$$DATA_DIR/prepared"; \
	fi
	@exec $(PY) -m shopfolio up

.PHONY: test
test: test-sqlite test-at-once ## Run the tests: all on SQLite, races and crashes again on PostgreSQL and Redis

.PHONY: test-sqlite
test-sqlite: .venv/installed-dev ## Run the tests on SQLite, browser tests included (some of them: ARGS="tests/lib -x")
	@DATABASE_URL= CACHE_URL= CELERY_BROKER_URL= $(PY) -m pytest --numprocesses $(TEST_WORKERS) --dist worksteal $(ARGS)

.PHONY: test-at-once
test-at-once: ## Run the races and crashes on PostgreSQL and Redis, where locks are what they are in a grown site
	@$(MAKE) --no-print-directory test-postgres $(if $(ARGS),,ARGS="$(AT_ONCE)")

.PHONY: test-postgres
test-postgres: .venv/installed-dev ## Run all tests that touch rows on PostgreSQL and Redis (three to seven minutes)
	@export DATABASE_URL="$(TEST_DATABASE_URL)" CACHE_URL="$(TEST_REDIS_URL)/8" CELERY_BROKER_URL="$(TEST_REDIS_URL)/9"; \
	if reason=$$($(PY) -m tests.services); then \
		$(PY) -m pytest --numprocesses $(TEST_WORKERS) --dist worksteal -m rows $(ARGS); \
	else \
		printf '\033[1;31m!!! %s The tests on PostgreSQL and Redis are LEFT OUT.\033[0m\n' "$$reason"; \
		[ "$${CI:-}" != true ] || { echo "CI=true allows no test to be left out."; exit 1; }; \
	fi

.PHONY: soak
soak: .venv/installed-dev ## Run the crash and race tests at full count, on SQLite and on PostgreSQL with Redis (long)
	@SOAK=1 DATABASE_URL= CACHE_URL= CELERY_BROKER_URL= $(PY) -m pytest -s $(SOAK_TESTS) $(ARGS)
	@export SOAK=1 DATABASE_URL="$(TEST_DATABASE_URL)" CACHE_URL="$(TEST_REDIS_URL)/8" CELERY_BROKER_URL="$(TEST_REDIS_URL)/9"; \
	reason=$$($(PY) -m tests.services) || { echo "$$reason"; exit 1; }; \
	$(PY) -m pytest -s -m rows $(SOAK_TESTS) $(ARGS)

.PHONY: bench
bench: .venv/installed-dev ## Measure the pages beside a bare Django view, on SQLite and on PostgreSQL with Redis (three minutes)
	@TEST_DATABASE_URL="$(TEST_DATABASE_URL)" TEST_REDIS_URL="$(TEST_REDIS_URL)" $(PY) -m bench $(ARGS)

.PHONY: screenshots
screenshots: .venv/installed-dev ## Take a picture of every page into screenshots/ (some: ARGS="--only shop --widths 390 --schemes dark")
	@$(PY) -m quality.screenshots $(ARGS)

.PHONY: lint
lint: .venv/installed-dev ## Check style, types, import rules, templates and migrations
	@export DATA_DIR="$$(mktemp -d)"; trap 'rm -rf "$$DATA_DIR"' EXIT; failed=0; \
	.venv/bin/ruff check . || failed=1; \
	.venv/bin/ruff format --check . || failed=1; \
	.venv/bin/mypy || failed=1; \
	.venv/bin/lint-imports --no-logo || failed=1; \
	$(PY) -m shopfolio makemigrations --check --dry-run || failed=1; \
	$(PY) -m tests.house_rules || failed=1; \
	exit $$failed

.PHONY: quality
quality: .venv/installed-dev quality/node_modules/installed audit ## Look at every page with axe, the Nu validator and Lighthouse; audit (some: ARGS="axe --only shop")
	@$(PY) -m quality $(ARGS)

.PHONY: audit
audit: .venv/installed-dev ## Ask the advisory database about every package that we build on
	@$(PY) -m tests.audit

quality/node_modules/installed: quality/package-lock.json
	@for program in npm java; do command -v $$program >/dev/null || { echo "make quality needs $$program."; exit 1; }; done
	@echo "Installing axe, Lighthouse and the Nu validator (once, half a minute) …"
	@cd quality && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.PHONY: lock
lock: .venv/installed-dev ## Write the lock files anew from pyproject.toml
	@for file in requirements requirements-dev; do \
		group=$$([ $$file = requirements-dev ] && echo "--group dev" || true); \
		.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-header --extra postgres $$group pyproject.toml -o $$file.lock; \
	done

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Shopfolio needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make a virtual environment here. On Debian: apt install python3-venv"; exit 1; }
	@touch $@

.venv/installed: .venv/python requirements.lock pyproject.toml
	@echo "Installing what the site needs into .venv (once, about a minute) …"
	@$(PY) -m pip install --quiet --require-hashes --requirement requirements.lock
	@$(PY) -m pip install --quiet --no-deps --editable .
	@touch $@

.venv/installed-dev: .venv/python requirements-dev.lock pyproject.toml
	@echo "Installing what the tests need into .venv (once, about a minute) …"
	@$(PY) -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@$(PY) -m pip install --quiet --no-deps --editable .
	@touch $@
