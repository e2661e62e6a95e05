# `make demo` and `make test` need nothing but git, make and Python 3.11: they make the environment
# themselves, with uv where it is present, else with venv and pip.

VENV ?= .venv
# Tests wait now and then: one more worker than cores keeps these busy.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)))
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin

ifeq ($(shell uv --version >/dev/null 2>&1 && echo yes),yes)
new_venv = uv venv --quiet --allow-existing --python "$(PYTHON)" "$(VENV)"
install = uv pip install --quiet --python "$(BIN)/python"
else
# The pip that comes with Python 3.11 knows no dependency groups.
new_venv = "$(PYTHON)" -m venv "$(VENV)" && "$(BIN)/python" -m pip install --quiet --no-compile --disable-pip-version-check --upgrade "pip>=25.1"
# Without its warnings, of which the one on editable installation alone fills half a screen.
install = PYTHONWARNINGS=ignore "$(BIN)/python" -m pip install --quiet --no-compile --disable-pip-version-check
endif

# Compiled modules stay in the environment. uv does not compile, so without this each of the hundreds
# of processes that tests start would compile everything anew where PYTHONDONTWRITEBYTECODE is set.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/pycache

.PHONY: help demo demo-real test timed integration real slow format lint types openapi notebooks readme evidence docs build bench pins screenshots
.DEFAULT_GOAL := help
.NOTPARALLEL:

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.has-core  ## show the idea in a minute: simulated members, no key, no network
	@$(BIN)/manyminds demo

demo-real: $(VENV)/.has-local  ## the same with a small real model, which is fetched (93 MB)
	@$(BIN)/manyminds models get smollm2 && $(BIN)/manyminds demo --real

test: $(VENV)/.has-test  ## run the fast tests (TESTS=path: some of them)
	$(BIN)/pytest -n $(WORKERS) -m "not (slow or integration or real or timed)" --ignore=tests/inspect_ai $(TESTS)

timed: $(VENV)/.has-test  ## run the tests of how long things take, two at once
	$(BIN)/pytest -n 2 -m "timed and not (slow or real)" --ignore=tests/inspect_ai $(TESTS)

integration: $(VENV)/.has-test  ## run the tests that start programs: the command line, documents, notebooks
	$(BIN)/pytest -n auto -m "integration and not (slow or real or timed)" $(TESTS)

real: $(VENV)/.has-real  ## run the tests that ask a real model, which is fetched (93 MB)
	@$(BIN)/manyminds models get smollm2 || echo "without the weights, the tests skip"
	$(BIN)/pytest -m "real and not slow" tests/real

slow: $(VENV)/.has-slow  ## run the slow tests: whole data sets, the wheel, LangGraph Studio
	$(BIN)/pytest -m slow

format: $(VENV)/.has-lint  ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.has-lint  ## look for mistakes and unformatted code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.has-dev  ## check the types with mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath "$(BIN)/python"

# schemathesis needs a newer jsonschema-rs than LangGraph Studio, so it is not in the list of pins.
openapi: $(VENV)/.has-test  ## send the server requests that schemathesis makes up
	@$(install) --group openapi
	$(BIN)/pytest tests/server/test_openapi.py

screenshots: $(VENV)/.has-test  ## take the pictures of docs/images again (needs Chromium)
	PYTHONPATH=tests $(BIN)/python tests/helpers/screenshots.py docs/images

notebooks: $(VENV)/.has-test  ## run the notebooks and store their output
	$(BIN)/python tests/helpers/notebooks.py notebooks/*.ipynb

readme: $(VENV)/.has-core  ## bring the README's table of methods up to date
	$(BIN)/python tests/helpers/readme.py

evidence: $(VENV)/.has-test  ## measure the papers' claims on recorded answers and write EVIDENCE.md
	$(BIN)/python benchmarks/evidence.py --out EVIDENCE.md

digits: $(VENV)/.has-test  ## figures of one seed: equal on every Python (VENV=.venv-3.13 PYTHON=python3.13)
	$(BIN)/python tests/evals/statistics/digits.py --check

docs: $(VENV)/.has-dev  ## build the documentation into site/; fails on a broken link or reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

build: $(VENV)/.has-slow  ## build dist/: the sdist, and from it the wheel
	$(BIN)/python -m build

bench: $(VENV)/.has-test  ## run every benchmark; fails where one falls short
	@failed=; for script in benchmarks/*.py; do \
	  echo "== $$script"; $(BIN)/python "$$script" || failed="$$failed $$script"; \
	done; test -z "$$failed" || { echo "fell short:$$failed"; exit 1; }

pins:  ## write constraints.txt anew, with the newest versions (needs uv)
	echo "-e ." | uv pip compile - --quiet --upgrade --universal --python-version 3.11 \
	  --group dev --group slow --no-header --no-annotate --no-emit-index-url \
	  | grep -v '^-e' > constraints.new
	mv constraints.new constraints.txt

# One mark for each dependency group that the environment holds; core is the package alone.
$(VENV)/.has-%: pyproject.toml $(CONSTRAINTS)
	@test -n "$(PYTHON)" || { echo "install Python 3.11 or newer first"; exit 1; }
	@test -x "$(BIN)/python" && test -e "$(VENV)/.made" || { $(new_venv) && touch "$(VENV)/.made"; }
	@echo "installing into $(VENV) ($*)"
	@$(install) --constraint $(CONSTRAINTS) --editable . $(if $(filter-out core,$*),--group $*)
	@touch "$@"
