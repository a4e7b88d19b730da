# `make` alone prints what there is. PYTHON=python3.12 chooses the interpreter of a new .venv.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
EXAMPLE := examples/onnx_conformance
WORKERS ?= 2
# How the tests run: three at a time (two cores wait much), each file by one process, those that take long first.
# PYTEST_ARGS="-x -k word" adds to it.
PYTEST := -m pytest -n 3 --dist loadfile --no-loadscope-reorder
PYTEST_ARGS ?=
# Each of the hundreds of processes that tests start would compile all of dtf anew.
test: export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run demo browsers test check coverage format docs benchmark benchmark-breaker benchmark-models benchmark-dashboard acceptance clean

help:  ## Print this help
	@echo "dtf runs test suites on many workers and loses none of them."
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "Nothing needs to be installed first but Python >= 3.11 with venv, and make."

run: $(VENV)/.installed  ## Set up, and run the ONNX conformance suite on two local workers
	@sh tools/setup-dashboard.sh
	@$(BIN)/python $(EXAMPLE)/run.py --workers $(WORKERS)

demo: $(VENV)/.installed  ## The same, and kill one worker with -9 on the way
	@$(BIN)/python $(EXAMPLE)/run.py --workers $(WORKERS) --kill-one

browsers: $(VENV)/.installed-browser  ## Set up browser jobs: Playwright, npm's packages and, as root on Debian, browsers
	@sh tools/setup-browsers.sh --system

test: $(VENV)/.installed-dev  ## Run all tests, over SQLite and Postgres; COVER=1 also notes what they cover
	@sh tools/setup-browsers.sh
	@rm -f .coverage .coverage.*
	@$(if $(COVER),$(BIN)/coverage run,$(BIN)/python) $(PYTEST) $(PYTEST_ARGS)

check: $(VENV)/.installed-dev  ## Lint, formatting, types, directions of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

coverage: $(VENV)/.installed-dev  ## Print what the tests cover (of `make test COVER=1`, which runs if it has not)
	@ls .coverage.* >/dev/null 2>&1 || $(MAKE) --no-print-directory test COVER=1
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered --sort=cover | sed -n '1,12p'
	@echo "Coverage, lines and branches: $$($(BIN)/coverage report --format=total) %"

format: $(VENV)/.installed-dev  ## Format the code and put right what can be put right safely
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/.installed-dev  ## Write docs/cli.md anew from the commands' own help
	@$(BIN)/python -m tools.cli_reference
	@$(BIN)/python -m tools.settings_reference

benchmark: $(VENV)/.installed-dev  ## Measure against pytest-xdist, and the breaker in real browsers (quick): reports
	@$(BIN)/python -m benchmarks.against_xdist
	@$(BIN)/dtf benchmark circuit-breaker --quick

benchmark-breaker: $(VENV)/.installed-dev  ## Measure the breaker over 50 episodes of real faults an arm: hours, a report
	@$(BIN)/dtf benchmark circuit-breaker --comprehensive

benchmark-models: $(VENV)/.installed-dev  ## Measure what batching the jobs of a model gains: five pairs, a report
	@$(BIN)/python -m benchmarks.model_batching

benchmark-dashboard: $(VENV)/.installed-dev  ## Measure what the dashboard costs beside Flower, and how soon pages have their data: reports
	@$(BIN)/python -m benchmarks.dashboard_cost; cost=$$?; $(BIN)/python -m benchmarks.dashboard_pages && exit $$cost

acceptance: $(VENV)/.installed-dev  ## The long acceptance runs: each kill five times, and their figures
	@$(BIN)/python -m tools.acceptance

clean:  ## Remove the virtual environment and what the checks leave behind
	@rm -rf $(VENV) web/node_modules .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis htmlcov .coverage .coverage.*

$(BIN)/python:
	@sh tools/make-venv.sh $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing dtf with its models, learn and dashboard extras into $(VENV)"
	@$(PIP) install --constraint constraints.txt --editable '.[models,learn,dashboard]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed $(VENV)/.installed-browser
	@echo "Installing what the tests and checks need into $(VENV)"
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.installed-browser: $(VENV)/.installed
	@echo "Installing Playwright into $(VENV)"
	@$(PIP) install --constraint constraints.txt --editable '.[browser]'
	@touch $@
