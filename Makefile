# Every target sets up what it needs: with uv where it is installed, else with one of our own in .uv/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := .venv/bin/mgu-run
# Many tests start processes of their own: more threads in each would only wait for one another, and where Python may
# not keep what it has compiled, each would compile the whole package again.
TEST_ENV := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=
TEST_OPTIONS := --numprocesses=2 --dist=worksteal

.PHONY: help
help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: .venv/for-running ## Set up, train 24 baselines and two units on real 8x8 digits, print ranking and verdicts
	$(RUN) +experiment=digits -m
	$(RUN) report $${MGU_RUNS:-runs}/digits

.PHONY: test
test: .venv/for-developing ## Set up and run all tests
	$(TEST_ENV) .venv/bin/pytest $(TEST_OPTIONS)

.PHONY: test-fast
test-fast: .venv/for-developing ## All but the slow tests, which start programs or try many models: a few minutes
	$(TEST_ENV) .venv/bin/pytest $(TEST_OPTIONS) -m "not slow"

.PHONY: torture
torture: .venv/for-developing ## Damaged files, bad command lines and 1,000 random kills: an hour or more
	$(TEST_ENV) .venv/bin/pytest --numprocesses=auto --dist=worksteal --long -s tests/torture

.PHONY: check
check: .venv/for-developing ## Set up and check format, style and types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

.PHONY: extras
extras: extra-together extra-search extra-joblib extra-slurm extra-ray extra-tensorboard extra-mlflow extra-onnx extra-parquet extra-zeus ## Add every optional part; one: make extra-NAME
extra-%: .venv/for-running
	$(UV) sync --frozen --inexact --no-dev --compile-bytecode --extra $*

.PHONY: bench
bench: .venv/for-developing ## Time all that is to be fast, compare with results/; under 20 minutes, on a quiet machine; ONLY=names
	$(UV) sync --frozen --inexact --compile-bytecode --group bench || echo "without TensorFlow and Lightning"
	.venv/bin/python benchmarks/bench.py $(if $(ONLY),--only $(ONLY))

.PHONY: results
results: .venv/for-running ## Render results/, the generated parts of README.md and docs/reference/
	.venv/bin/python benchmarks/pages.py
	.venv/bin/python docs/reference/generate.py

.PHONY: gpu
gpu: .venv/for-developing ## On a GPU, in 15 minutes: tests, MNIST, step times, CIFAR-10's seven layers; OUT=folder, PHASES=names
	.venv/bin/python benchmarks/gpu.py --out $(or $(OUT),runs/gpu-report) $(if $(PHASES),--phases $(PHASES))

.PHONY: structure
structure: .venv/for-developing ## Count loose files, packages, arrows between them and circles
	.venv/bin/python benchmarks/structure.py

.PHONY: format
format: .venv/for-developing ## Format the code and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

.PHONY: reproduce
reproduce: .venv/for-running ## The paper's MNIST and CIFAR-10 experiments and their reports: hours on a GPU, days without
	$(RUN) +experiment=mnist -m
	$(RUN) report $${MGU_RUNS:-runs}/mnist
	$(RUN) +experiment=cifar -m
	$(RUN) report $${MGU_RUNS:-runs}/cifar

.PHONY: clean
clean: ## Remove the environment and caches, but no runs
	rm -rf .venv .uv .mypy_cache .pytest_cache .ruff_cache dist

# The stamps stand for an environment as uv.lock has it; the one for developing can run too.
.venv/for-running: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --inexact --no-dev --compile-bytecode
	@touch $@

# All of what developers need would take half a minute to compile; tests import a third of it, and keep what they compile.
.venv/for-developing: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen
	@touch $@ .venv/for-running

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv
