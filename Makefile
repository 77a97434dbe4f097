# Commands of the book; `make help` lists them. What they do is written in tools/, in Python.
# Paths are relative on purpose: the folder of the checkout may have a space in its name.

JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin

# An environment that is there keeps its interpreter, unless another is named: make PYTHON=python3.12
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell test -x $(BIN)/python && echo $(BIN)/python || echo python3)
endif

# Two jobs with two threads each would fight over two cores.
export OMP_NUM_THREADS ?= 1
export MPLBACKEND = agg
# Else each of the many programs that tests and notebooks start compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE
# Jupyter's move to platformdirs warns on every start.
export JUPYTER_PLATFORM_DIRS = 1

# joblib restarts a worker that holds much memory and says so; a notebook's output must not depend on it.
export PYTHONWARNINGS = ignore:A worker stopped while some jobs:UserWarning

.PHONY: help setup book fresh test test-unit test-notebooks test-site runs retrain notebooks slides pdf lab smaller bundle lock audit twice seeds bench sabotage mutants lint format clean distclean student instructor

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup:  ## create .venv and install what requirements.txt pins, if that is not done
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "No '$(PYTHON)' found: install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$("$(PYTHON)" --version) is too old: the book needs 3.11 or newer, name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" tools/environment.py

# SOLUTIONS=no: the site without them, in a folder of its own.
book: setup  ## build the site; execute the notebooks whose committed outputs are out of date
	@$(BIN)/python tools/$(if $(filter no,$(SOLUTIONS)),site_without_solutions,build_book).py

fresh: setup  ## build the site; execute every notebook, with the networks that come with the book
	@$(BIN)/python tools/build_book.py --fresh

test: test-unit test-notebooks  ## run unit tests and doctests; execute notebooks and compare their outputs

# Two jobs more than there are processors, since some tests wait for programs that they start; and a
# job that has nothing left to do takes tests from another, since some take long.
test-unit: setup  ## run unit tests and doctests
	$(BIN)/python -m pytest -n $(shell expr $(JOBS) + 2) --dist worksteal --ignore tests/site

test-notebooks: setup  ## execute notebooks and compare their outputs; not what passed and is the same (ALL=yes: every one)
	@$(BIN)/python tools/compare_outputs.py --jobs $(JOBS) $(if $(filter yes,$(ALL)),--all)

test-site: book  ## look at the site in a browser, which has to be installed: Chromium or Chrome
	$(BIN)/python -m pytest -n $(JOBS) -rs tests/site

runs: setup  ## pack the networks that the notebooks have trained here, so that a clone need not train
	@$(BIN)/python tools/runs.py

retrain: setup  ## train every network anew, execute every notebook with them, and pack them; half an hour
	@$(BIN)/python tools/runs.py --anew

notebooks: setup  ## execute in place the notebooks whose committed outputs are out of date
	@$(BIN)/python tools/execute_notebooks.py

student: setup  ## write the notebooks for students, without solutions, into _build/student/
	@$(BIN)/python tools/student.py

instructor: setup  ## write the notebooks for teachers, with solutions and marks, into _build/instructor/
	@$(BIN)/python tools/student.py --instructor

lab: setup  ## open the notebooks in JupyterLab
	env -u MPLBACKEND $(BIN)/jupyter lab book

smaller: setup  ## write every notebook with smaller sizes to _build/smaller/ and run it: fast, not the book
	@$(BIN)/python tools/smaller.py

slides: setup  ## build the slides: one lecture, and a deck for each part
	@$(BIN)/python tools/slides.py

bundle: book  ## make the archive of a release: sources, site, figures, spectra, claims, checksums
	@$(BIN)/python tools/bundle.py

pdf: book  ## print the site as one PDF, with a browser that has to be installed
	@$(BIN)/python tools/print_book.py

lock: setup  ## write requirements.lock anew, after an edit of requirements.txt
	@$(BIN)/python tools/lock.py

audit: setup  ## check versions, licences and known vulnerabilities of what the book needs
	@$(BIN)/python tools/audit.py

twice: setup  ## build the commit in two clones and compare the sites file by file
	@$(BIN)/python tools/compare_builds.py

seeds: setup  ## repeat every stochastic claim on fresh seeds; hours, may be stopped and goes on
	@$(BIN)/python tools/seeds.py

bench: setup  ## time our routes against the usual ones; needs a quiet machine and some minutes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/requirements.txt
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

sabotage: setup  ## break the book in one place at a time and see whether the guard named for it goes red
	@$(BIN)/python tools/sabotage.py --jobs $(JOBS)

mutants: setup  ## plant small mistakes in the core, one at a time, and see whether its tests notice
	@$(BIN)/python tools/mutants.py --jobs $(JOBS)

lint: setup  ## check style and formatting
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

format: setup  ## fix style and formatting
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:  ## remove what was built and computed: the site, executed notebooks, stored training runs
	rm -rf _build .cache

distclean: clean  ## remove the environment too
	rm -rf $(VENV)
