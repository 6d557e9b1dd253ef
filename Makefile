# Everything runs in environments under .venv/, made on first use and again when pyproject.toml changes.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

AIRFLOW3 := .venv/airflow-3.3/bin
AIRFLOW2 := .venv/airflow-2.11/bin
DEMO := .venv/demo/bin
# What is checked: whatever of this exists.
CODE := $(wildcard airflow_provider_onesignal example_dags demo tests benchmarks docs .ci/environment.py)
# More for pytest: make test-unit ARGS="-k readiness -x"
ARGS ?=

.PHONY: help
help: ## list what there is to make
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: env-demo ## the nightly export in a real Airflow, against an emulated OneSignal (KEEP=1 keeps it running)
	@$(DEMO)/python -u -m demo $(if $(KEEP),--keep)

.PHONY: test
# Three lanes for two processors: much of what real Airflow processes do is waiting.
test: export WORKERS := 0
test: env-3.3 env-2.11 env-lowest ## all tests, on Airflow 3.3, 2.11, and beside the oldest versions of everything
	@status=0; make="$(MAKE) --no-print-directory --keep-going"; \
	$$make $(REAL) >.venv/real.log 2>&1 & real=$$!; \
	$$make $(OLDER) >.venv/older.log 2>&1 & older=$$!; \
	$$make $(NEWEST) || status=1; \
	wait $$real || status=1; wait $$older || status=1; \
	cat .venv/real.log .venv/older.log; exit $$status
NEWEST := test-unit test-integration test-ui test-ui-2.11
REAL := test-system test-system-2.11 test-package
OLDER := test-2.11 test-lowest

# pytest's workers for tests that need no Airflow running; 0: none but itself.
WORKERS ?= 2
PARALLEL = -n $(WORKERS) --dist worksteal
# Where other versions of Airflow change nothing.
ALIKE := $(addprefix --ignore=tests/,unit/ci unit/demo unit/docs unit/testing \
	integration/test_emulator.py integration/test_sdk_contract.py integration/test_stores.py)

.PHONY: test-unit
test-unit: env-3.3 ## unit tests on Airflow 3.3
	@echo "== unit tests, Airflow 3.3"
	@$(AIRFLOW3)/python -m pytest tests/unit $(PARALLEL) $(ARGS)

.PHONY: test-integration
test-integration: env-3.3 ## against S3, GCS and OneSignal servers on this machine, on Airflow 3.3
	@echo "== integration tests, Airflow 3.3"
	@$(AIRFLOW3)/python -m pytest tests/integration $(PARALLEL) $(ARGS)

.PHONY: test-2.11 test-lowest
test-2.11: env-2.11 ## unit and integration tests on Airflow 2.11
	@echo "== unit and integration tests, Airflow 2.11"
	@$(AIRFLOW2)/python -m pytest tests/unit tests/integration $(ALIKE) $(PARALLEL) $(ARGS)
test-lowest: env-lowest ## unit tests beside the oldest versions that this package takes, on Airflow 2.11 and 3.0
	@status=0; for version in 2.11 3.0; do echo "== unit tests, lowest versions, Airflow $$version"; \
		.venv/lowest-$$version/bin/python -m pytest tests/unit $(ALIKE) $(PARALLEL) $(ARGS) || status=1; \
	done; exit $$status

.PHONY: test-system
test-system: env-3.3 ## the example DAGs in a real Airflow 3.3
	@echo "== system tests, Airflow 3.3"
	@$(AIRFLOW3)/python -m pytest tests/system $(ARGS)

.PHONY: test-ui test-ui-2.11 screenshots
test-ui: env-3.3 ## the connection form in a browser, where Chromium is installed, on Airflow 3.3
	@echo "== browser tests, Airflow 3.3"
	@$(AIRFLOW3)/python -m pytest tests/ui $(ARGS)
test-ui-2.11: env-2.11 ## the same on Airflow 2.11
	@echo "== browser tests, Airflow 2.11"
	@$(AIRFLOW2)/python -m pytest tests/ui $(ARGS)
screenshots: export SCREENSHOTS := docs/assets
screenshots: test-ui test-ui-2.11 ## the same, taking the documentation's screenshots anew

.PHONY: test-system-2.11
test-system-2.11: env-2.11 ## the example DAGs in a real Airflow 2.11
	@echo "== system tests, Airflow 2.11"
	@$(AIRFLOW2)/python -m pytest tests/system -m every_airflow $(ARGS)

.PHONY: test-package
test-package: build env-bare ## what is shipped: wheel and sdist, installed beside nothing but Airflow
	@echo "== package tests, Airflow 2.11 and 3.0 to 3.3"
	@$(AIRFLOW3)/python -m pytest tests/package $(ARGS)

.PHONY: lint
lint: lint-format lint-rules lint-types lint-imports ## formatting, rules, types, and which module may import which

.PHONY: lint-format lint-rules lint-types lint-imports
lint-format: env-3.3
	@echo "== ruff format"
	@$(AIRFLOW3)/ruff format --check .
lint-rules: env-3.3
	@echo "== ruff check"
	@$(AIRFLOW3)/ruff check .
lint-types: env-3.3
	@echo "== mypy --strict"
	@$(AIRFLOW3)/mypy --strict $(CODE)
lint-imports: env-3.3
	@echo "== import contracts"
	@$(AIRFLOW3)/lint-imports --no-logo

.PHONY: format
format: env-3.3 ## rewrite the code as lint wants it
	@$(AIRFLOW3)/ruff format .
	@$(AIRFLOW3)/ruff check --fix .

.PHONY: bench
bench: env-3.3 ## speed, memory and import cost, as ratios (ARGS=--full: also at 2 GiB)
	@$(AIRFLOW3)/python -m benchmarks $(ARGS)

# MkDocs' advertisement for its own successor is no warning of ours.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(AIRFLOW3)/python -m mkdocs

.PHONY: docs
# Not --quiet: MkDocs counts the warnings it shows.
docs: env-3.3 ## the documentation in site/, strictly: any warning fails
	@echo "== docs"
	@$(MKDOCS) build --strict

.PHONY: docs-serve
docs-serve: env-3.3 ## the documentation at http://127.0.0.1:8000, built again as you write
	@$(MKDOCS) serve --watch airflow_provider_onesignal --watch example_dags

.PHONY: build
build: env-3.3 ## wheel and sdist in dist/, checked
	@echo "== build"
	@rm -rf dist
	@$(AIRFLOW3)/python -m build --outdir dist . >/dev/null
	@$(AIRFLOW3)/twine check --strict dist/*
	@ls -1 dist

.PHONY: clean
clean: ## remove environments, the demo and everything built
	@rm -rf .venv .demo dist build site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: env-3.3 env-2.11 env-lowest env-bare env-demo
env-3.3:
	@python=$$(.ci/find-python 14) && $$python .ci/environment.py airflow-3.3
env-2.11:
	@python=$$(.ci/find-python 12) && $$python .ci/environment.py airflow-2.11
env-lowest:
	@python=$$(.ci/find-python 12) && $$python .ci/environment.py lowest-2.11 lowest-3.0
# With a Python that both ends of the range run on.
env-bare:
	@python=$$(.ci/find-python 12) && $$python .ci/environment.py $(addprefix bare-,3.3 3.2 3.1 3.0 2.11)
env-demo:
	@python=$$(.ci/find-python 14) && $$python .ci/environment.py demo
