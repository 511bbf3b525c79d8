# "make" alone lists the targets. Nothing but Python 3.11+ and make has to be there.
#   VENV=folder     the environment (.venv)
#   PYTHON=python   the interpreter; otherwise the newest that is there
#   ARGS="..."      handed on to pytest (make test), pyfa demo (make demo) or uv (make constraints)

VENV ?= .venv
ARGS ?=
# Worker processes of the tests.
JOBS ?= auto
STAMP := $(VENV)/.set-up
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup venv test lint demo docs constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## make the environment and install; quick where nothing changed
venv: setup

$(STAMP): pyproject.toml constraints.txt tools/setup-venv.sh
	@VENV="$(VENV)" PYTHON="$(PYTHON)" sh tools/setup-venv.sh
	@touch "$@"

test: $(STAMP) ## set up and run all tests
	"$(BIN)/python" -m pytest -n $(JOBS) $(ARGS)

lint: $(STAMP) ## set up and run linter, formatter check and type checker
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"

demo: $(STAMP) ## set up and run the main job offline, end to end
	@"$(BIN)/pyfa" demo $(ARGS)

docs: $(STAMP) ## write what is generated: docs/settings.md, example.env, ...
	@for script in tools/*.py; do "$(BIN)/python" "$$script" || exit 1; done

constraints: ## pin what pyproject.toml asks for; ARGS=--upgrade renews all versions
	@PYTHON="$(or $(PYTHON),python3)" sh tools/compile-constraints.sh $(ARGS)

clean: ## remove the environment and everything that was built
	rm -rf "$(VENV)" build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +
