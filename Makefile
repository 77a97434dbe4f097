# Commands of the book; `make help` lists them.
# Paths are relative on purpose: the folder of the checkout may have a space in its name.

PYTHON ?= python3
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
# Written last, so that an interrupted set-up is started again and not taken for whole.
READY := $(VENV)/.ready

NOTEBOOKS := $(shell find book -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*' | sort)
PAGES := $(shell find book -type f -not -path '*/.ipynb_checkpoints/*' -not -name '*.pyc')
HELPERS := $(shell find src -name '*.py' -o -name '*.yml' -o -name '*.csv')
BUILT := _build/.built
CACHE_VALID := _build/.cache-valid

# Two jobs with two threads each would fight over two cores.
export OMP_NUM_THREADS ?= 1
export MPLBACKEND = agg
# Jupyter's move to platformdirs warns on every start.
export JUPYTER_PLATFORM_DIRS = 1

# joblib restarts a worker that holds much memory and says so; a notebook's output must not depend on it.
export PYTHONWARNINGS = ignore:A worker stopped while some jobs:UserWarning

.DELETE_ON_ERROR:
.PHONY: help setup book test notebooks bench lint format clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(READY)  ## create .venv and install what requirements.txt pins

$(READY): requirements.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "No '$(PYTHON)' found: install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$("$(PYTHON)" --version) is too old: the book needs 3.11 or newer, name one: make PYTHON=python3.12" >&2; exit 1; }
	rm -rf $(VENV)
	"$(PYTHON)" -m venv $(VENV)
	@echo "Installing requirements.txt into $(VENV); this takes a few minutes the first time."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $(READY)

book: $(BUILT)  ## execute changed notebooks and build the site, warnings are errors
	@echo "The book is built. Open _build/html/index.html in a browser."

$(BUILT): $(READY) $(CACHE_VALID) $(PAGES) _config.yml _toc.yml
	$(BIN)/jupyter-book build . --all -W -n --keep-going
	@touch $@

# Notebooks are executed again when their code changes; when a helper changes, all of them are.
$(CACHE_VALID): $(READY) $(HELPERS)
	@rm -rf _build/.jupyter_cache
	@mkdir -p _build
	@touch $@

test: $(READY)  ## run unit tests, doctests and strict nbval of every notebook
	$(BIN)/python -m pytest -n $(JOBS)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -o addopts= -o filterwarnings=default \
	  --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg $(NOTEBOOKS)

notebooks: $(READY)  ## execute the committed notebooks in place, without timing metadata
	$(BIN)/python tools/execute_notebooks.py $(NOTEBOOKS)

bench: $(READY)  ## time our routes against the usual ones; needs a quiet machine and some minutes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

lint: $(READY)  ## check style and formatting
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

format: $(READY)  ## fix style and formatting
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:  ## remove everything that was built or computed, .venv included
	rm -rf _build .cache $(VENV)
