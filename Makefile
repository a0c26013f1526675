# Two commands do everything on a fresh machine: `make demo` and `make test`.
# They need Python 3.11, git and make; what else is missing is installed into .venv.

PYTHON ?= python3
ARGS ?=
ONLY ?=
JOBS ?= 2
RECORDS := $(addprefix --records ,$(wildcard ../shared/data/osv-malicious))
BIN := .venv/bin

.PHONY: demo test check format bench docs soak lock clean help

help:  ## List these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/ready  ## Show the main job from end to end (ARGS=--once for scripts)
	@$(BIN)/reedbed demo $(RECORDS) $(ARGS)

test: check .venv/bin/regctl  ## Run the checks and every test
	@PYTHONHASHSEED=0 $(BIN)/pytest -n $(JOBS) --dist worksteal $(ARGS)

check: .venv/ready  ## Format, lint, types and the rules of the tree
	@$(BIN)/ruff format --check --quiet . || { echo "fix: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/ready  ## Put the code into the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

bench: .venv/ready  ## Measure; one line a figure (ONLY=name runs one)
	@$(BIN)/python -m bench $(ONLY)

docs: .venv/ready  ## Write the reference pages that are made from the code
	@$(BIN)/python docs/generate.py

soak: .venv/ready .venv/bin/regctl  ## The long fault runs that `make test` takes a sample of
	@$(BIN)/pytest -m soak $(ARGS)

lock: .venv/ready  ## Pin the newest versions of what requirements/*.in name
	@sh requirements/lock.sh $(BIN)/uv

clean:  ## Forget the virtual environment and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/regctl: requirements/registry/go.sum requirements/registry.sh | .venv/ready
	@sh requirements/registry.sh

.venv/ready: requirements/dev.lock requirements/tools.lock requirements/setup.sh pyproject.toml
	@PYTHON="$(PYTHON)" sh requirements/setup.sh
