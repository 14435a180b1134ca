# Everything here sets up what it needs; Python 3.11 or newer and make are enough to begin.
# `make test PYTHON=python3.13 VENV=.venv-3.13` does so with another Python, beside what is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PROOFS := $(wildcard plugins/*/tests/test_proof.py plugins/*/tests/test_outage.py plugins/*/tests/test_lost_answer.py)
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
INSTALL := -m pip --disable-pip-version-check install --quiet
BUILD := hatchling editables
EVERYTHING := --no-build-isolation -e '.[test,lint,bench]' $(PLUGINS:%=-e %)

.PHONY: setup demo test soak lint bench constraints

setup: $(READY)

$(READY): constraints.txt pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) -c constraints.txt $(BUILD)
	$(BIN)/python $(INSTALL) -c constraints.txt $(EVERYTHING)
	@touch $@

demo: setup
	$(BIN)/playbook demo --force demo

test: setup
	$(BIN)/pytest -n 2

# Ten thousand files made and broken in each way; each may take a second. Then processes killed two hundred times in
# the middle of commands, a hundred times in imports and among timers, with each store, and a server that fails.
soak: setup
	SOAK=10000 $(BIN)/pytest tests/unit/checking/test_soak.py
	SOAK=2000 $(BIN)/pytest plugins/playbook-commission/tests/test_against_naive.py
	SOAK=1000 $(BIN)/pytest plugins/playbook-insights/tests/test_insights_against_naive.py tests/unit/engine/test_desk_against_naive.py
	SOAK=3000 $(BIN)/pytest tests/unit/test_times_against_naive.py tests/unit/engine/test_timers_against_naive.py
	KILLS=200 OUTAGES=20 $(BIN)/pytest tests/proof $(PROOFS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Every benchmark into docs/performance.md, which takes long; one alone is a script in benchmarks/.
bench: setup
	$(BIN)/python benchmarks/all.py

# Resolve constraints.txt anew: the newest versions that the pyproject.toml files allow.
constraints:
	rm -rf build/clean
	$(PYTHON) -m venv build/clean
	build/clean/bin/python $(INSTALL) $(BUILD)
	build/clean/bin/python $(INSTALL) $(EVERYTHING)
	{ grep '^#' constraints.txt; build/clean/bin/python -m pip freeze --exclude-editable | sort -f; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/clean
