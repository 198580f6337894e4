# One line each; `make demo` on a fresh machine with Python 3.11+ is all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench fuzz docs oracle lock wheel package clean

demo: .venv/run
	$(BIN)/lindos run colossus-2 --out lindos-out

test: .venv/dev
	$(BIN)/python -m pytest -n 2

check: .venv/dev
	$(BIN)/ruff check src tests benchmarks docs examples fit
	$(BIN)/ruff format --check src tests benchmarks docs examples fit
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev
	$(BIN)/python benchmarks/run.py

fuzz: .venv/dev
	$(BIN)/python tests/helpers/fuzz_run.py --cases 10000

docs: .venv/dev
	$(BIN)/python docs/build.py

# Configurations and parameters as the transformers library has them; its versions stand in fit/configurations.py.
oracle: .venv/dev
	$(PYTHON) -m venv .venv-oracle
	.venv-oracle/bin/pip install -q transformers==5.24.0 torch==2.13.0 pyyaml
	.venv-oracle/bin/python -P fit/configurations.py $$($(BIN)/python -c "import aiconfigurator_core as a; print(a.__path__[0])")/model_configs

lock: .venv/dev
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements.lock --no-header
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.lock --no-header

wheel: .venv/dev
	$(BIN)/python -m build --wheel --outdir dist .

# The wheel and the sdist, each installed into an empty environment and run there.
package: .venv/dev
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python tests/helpers/clean_install.py dist

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install -q -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	@touch $@

.venv/dev: .venv/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/python -m pip install -q -r requirements-dev.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	@touch $@ .venv/run

clean:
	rm -rf .venv .venv-oracle build dist lindos-out
