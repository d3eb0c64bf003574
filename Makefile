# make all: set up and run the default scale.  make test: set up, lint, type check, tests, smoke scale end to end.
# make check: whether this machine computes networks as float64 does.
# make decide: more seeds for the claims that are still open, within BUDGET=2h of time.
# make verify: whether every artefact of SCALE has the bytes that its maker recorded.
# make plan: what that would cost, and nothing is run.  TARGET=needle_fig3 PLAN="--device gpu --devices 8"
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 2
BUDGET ?= 1h
SCALE ?= laptop
# As many GPU jobs at once as there are GPUs; without one the same jobs run on the CPU, CORES at a time.
GPUS ?= $(words $(wildcard /dev/nvidia[0-9]*))
GPU_LIMIT := $(if $(filter-out 0,$(GPUS)),--resources gpu=$(GPUS))
CONFIG := $(if $(filter laptop,$(SCALE)),,--configfile config/$(SCALE).yaml)
# One thread a process: the workflow's jobs are the parallelism (a second thread beside a busy core is slower).
export OMP_NUM_THREADS := 1

.PHONY: all decide check verify plan test setup lint types unit smoke house docs clean

all: $(VENV)/ready
	$(BIN)/snakemake --cores $(CORES) $(GPU_LIMIT) $(CONFIG) -- all

check: $(VENV)/ready
	@$(BIN)/python workflow_scripts/check_arithmetic.py

verify: $(VENV)/ready
	@$(BIN)/python workflow_scripts/verify.py --results results/$(SCALE)

plan: $(VENV)/ready
	@$(BIN)/python workflow_scripts/plan.py $(PLAN) $(CONFIG) $(TARGET)

decide: $(VENV)/ready
	$(BIN)/python workflow_scripts/decide.py --budget $(BUDGET) --cores $(CORES) $(GPU_LIMIT) \
		--configfile config/$(patsubst laptop,config,$(SCALE)).yaml

setup: $(VENV)/tested

$(VENV)/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "anarch needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.14.1 torchvision==0.29.1
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/tested: $(VENV)/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

test: lint types unit smoke

lint: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

types: $(VENV)/tested
	$(BIN)/mypy

unit: $(VENV)/tested
	$(BIN)/python -m pytest -n $(CORES) -m "not smoke"

smoke: $(VENV)/tested
	$(BIN)/python -m pytest -m smoke -s

# The picture of docs/HOUSE.md: who imports whom.
house: $(VENV)/ready
	$(BIN)/python docs/house.py

# Pages of the library, from docstrings and from examples that are run: docs/site/index.html.
docs: $(VENV)/tested
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs/pages docs/site
	@echo docs/site/index.html

clean:
	rm -rf results/smoke .snakemake
