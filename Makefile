# Everything a newcomer types: `make demo` and `make test`. Needs make and python3 >= 3.11; brings the rest itself.
SHELL := /bin/sh
PYTHON ?= python3
UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv)
BIN := .venv/bin
# every one of many processes would compile all that is imported once more
unexport PYTHONDONTWRITEBYTECODE
DEMO_DATA := demo-data
SAMPLE ?=
BEAMLINE ?= bl09u
PROTOCOL ?= epics

.PHONY: demo test test-all test-tango-db third-party lint format bench docs schema clean
.DEFAULT_GOAL := demo

.tools/uv: .ci/get_uv.py
	$(PYTHON) .ci/get_uv.py $@

# what running needs; compiled at once, because an environment without bytecode starts three times slower
.venv/.run: uv.lock pyproject.toml | $(UV)
	$(UV) sync --quiet --locked --no-default-groups --inexact --compile-bytecode
	@touch $@

# what developing needs besides
.venv/.dev: .venv/.run
	$(UV) sync --quiet --locked --inexact --compile-bytecode
	@touch $@

.venv/.bench: .venv/.dev
	$(UV) sync --quiet --locked --inexact --group bench --compile-bytecode
	@touch $@

# what only the whole of the tests needs
.venv/.full: .venv/.dev
	$(UV) sync --quiet --locked --inexact --group full --compile-bytecode
	@touch $@

.venv/.docs: .venv/.dev
	$(UV) sync --quiet --locked --inexact --group docs --compile-bytecode
	@touch $@

demo: .venv/.run
	@$(BIN)/python -m daq.demo --beamline $(BEAMLINE) --data $(DEMO_DATA) --protocol $(PROTOCOL) $(if $(SAMPLE),--sample "$(SAMPLE)")

test: .venv/.dev
	$(BIN)/pytest -n 3 --dist loadfile -m "not full"

test-all: .venv/.full
	@echo "Left out by make test:"
	@$(BIN)/pytest --collect-only -q -m full | sed '/^$$/,$$d'
	$(BIN)/pytest -n 2 --dist loadfile
	OPHYD_CONTROL_LAYER=caproto $(BIN)/pytest -n 2 --dist loadfile tests/chain/test_truth.py tests/chain/test_pause.py tests/chain/test_optics.py -m "full or not full"
	$(BIN)/pytest --order shuffled tests/chain/test_counterproofs.py tests/chain/test_run_refusals.py

# against the C++ DataBaseds on MariaDB, where Debian's tango-db is installed; says so where it is not
test-tango-db: .venv/.full
	$(BIN)/pytest -rs tests/chain/test_tango_register.py -k mariadb

# other projects' own tests, as they are installed, against our servers
third-party: .venv/.dev
	$(BIN)/python -m tests.third_party

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.bench
	$(BIN)/python -m benchmarks

docs: .venv/.docs
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

schema: .venv/.dev
	$(BIN)/python -m beam.schema config/schema
	$(BIN)/python -m ioc_sim.faults.page docs/reference/simulator.md
	$(BIN)/python -m docs.pages

clean:
	rm -rf .venv .tools dist build docs/_build $(DEMO_DATA) .pytest_cache .ruff_cache .import_linter_cache
