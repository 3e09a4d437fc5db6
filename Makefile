# Everything a newcomer types. Each target does its own set-up in .venv; only make, git and Python are needed.
# PYTHON=/path/to/python3.x chooses another interpreter, ARGS="..." goes to the tool that the target runs.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# A lock is complete: no resolver is asked, and so neither an old pip's nor what was released since.
LOCKED := --no-deps --require-hashes
ITSELF := --no-deps --no-build-isolation --editable .
# Much of the time is waiting for containers and signals.
PARALLEL := --numprocesses=3 --dist=loadgroup
PYTHON ?=
ARGS ?=

.DEFAULT_GOAL := help

.PHONY: demo
demo: $(VENV)/runtime.stamp ## Watch a deployment that goes wrong, on a simulated ECS: no AWS account, no Docker
	@$(BIN)/drone-deploy-ecs demo $(ARGS)

.PHONY: test
test: $(VENV)/dev.stamp ## Run the tests (ARGS="-k rollback")
	@$(BIN)/pytest $(PARALLEL) $(ARGS)

.PHONY: lint
lint: $(VENV)/dev.stamp ## Check style, formatting and the direction of imports
	@$(BIN)/nox --session lint

.PHONY: types
types: $(VENV)/dev.stamp ## Check the types
	@$(BIN)/nox --session types

.PHONY: check
check: ## Everything that must pass before a change lands
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory test

.PHONY: format
format: $(VENV)/dev.stamp ## Format the code, and fix what can be fixed without a thought
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

.PHONY: coverage
coverage: $(VENV)/dev.stamp ## Run the tests, and fail where the quick ones miss a branch of core
	@$(BIN)/pytest $(PARALLEL) --cov=drone_deploy_ecs.core $(ARGS)

.PHONY: mutation
mutation: $(VENV)/dev.stamp ## Break core in small ways and see what no test notices: an hour or more
	@$(BIN)/nox --session mutation -- $(ARGS)

.PHONY: docs
docs: $(VENV)/dev.stamp ## Write what the code knows into README.md and docs/ (ARGS=--check only tells)
	@$(BIN)/nox --session docs -- $(ARGS)

.PHONY: site
site: $(VENV)/dev.stamp ## Build the documentation's site into build/site (ARGS=serve shows it while you write)
	@$(BIN)/nox --session site -- $(ARGS)

.PHONY: notes
notes: $(VENV)/dev.stamp ## Show the next release's notes (ARGS="0.2.0 2026-12-24" writes them)
	@$(BIN)/nox --session notes -- $(ARGS)

.PHONY: structure
structure: $(VENV)/dev.stamp ## Measure how the code is built (ARGS="-v --src ../another-checkout")
	@$(BIN)/python -m scripts.structure $(ARGS)

.PHONY: causes
causes: $(VENV)/dev.stamp ## Tell how rightly ECS's messages are explained (ARGS="w001 n001" shows these alone)
	@$(BIN)/python -m scripts.causes $(ARGS)

.PHONY: lock
lock: $(VENV)/dev.stamp ## Write requirements/*.txt anew from pyproject.toml (ARGS=--upgrade for newer releases)
	@$(BIN)/nox --session lock -- $(ARGS)

.PHONY: clean
clean: ## Remove everything that these targets made
	rm -rf $(VENV) .cache .nox .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache \
		build dist mutants
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/python.stamp:
	@python="$$(PYTHON='$(PYTHON)' sh scripts/find-python)" || exit 1; \
	echo "setting up $(VENV) with $$python"; \
	"$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/runtime.stamp: $(VENV)/python.stamp requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PIP) install $(LOCKED) -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install $(ITSELF)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp requirements/dev.txt pyproject.toml
	@$(PIP) install $(LOCKED) -r requirements/dev.txt
	@$(PIP) install $(ITSELF)
	@touch $@
