# Every target builds .venv first when it is missing or older than its lock file.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PYTHONDONTWRITEBYTECODE ?=

.PHONY: help setup start drill test lint bench crash soak docs lock clean

help:
	@echo "make drill   take the primary region of a simulated Azure away and bring it back; PLAN= drills another plan or an incident"
	@echo "make start   the same world, left running until Ctrl-C"
	@echo "make test    everything that CI runs"
	@echo "make lint    ruff, pyright, import-linter"
	@echo "make bench   the figures, each beside its reference and limit"
	@echo "make crash   every plan killed at 200 random instants, disturbed and aborted at every step; PLAN= takes one"
	@echo "make docs    write docs/runbooks and docs/catalog.md from the plans and actions"
	@echo "make soak    a hundred drills in a row, and that they leave nothing behind"
	@echo "make setup   build .venv          make lock   pin the requirements again"

setup: $(STAMP)

$(STAMP): requirements-dev.txt
	@py=""; \
	for c in python3.13 python3 python; do \
	  if command -v $$c >/dev/null 2>&1 && [ "$$($$c -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = 3.13 ]; then py=$$c; break; fi; \
	done; \
	if [ -z "$$py" ] && command -v pyenv >/dev/null 2>&1; then \
	  pyenv install --skip-existing 3.13 >&2 && py="$$(pyenv prefix 3.13)/bin/python"; \
	fi; \
	rm -rf $(VENV); \
	if [ -n "$$py" ]; then $$py -m venv $(VENV); \
	elif command -v uv >/dev/null 2>&1; then uv venv -q --seed --python 3.13 $(VENV); \
	else echo "Python 3.13 is missing, and neither pyenv nor uv is here to fetch it. Install one of the three and run make again." >&2; exit 1; fi
	@echo "installing the pinned requirements into $(VENV) ..." >&2
	@if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt; fi
	@touch $(STAMP)

start: $(STAMP)
	@$(BIN)/python -m infra.local

drill: $(STAMP)
	@$(BIN)/python -m infra.local.drill

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

test: lint
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

bench: $(STAMP)
	@$(BIN)/python -m tests.bench

crash: $(STAMP)
	$(BIN)/pytest -m crash tests/e2e $(if $(PLAN),-k "$(PLAN)")

soak: $(STAMP)
	$(BIN)/pytest -m soak

docs: $(STAMP)
	@$(BIN)/python -m shared.plans.document

lock: $(STAMP)
	@command -v uv >/dev/null 2>&1 || { echo "make lock needs uv (pip install uv)." >&2; exit 1; }
	uv pip compile -q pyproject.toml --python-version 3.13 --generate-hashes --prerelease=if-necessary-or-explicit --custom-compile-command "make lock" -o requirements.txt
	uv pip compile -q pyproject.toml --group dev --python-version 3.13 --generate-hashes --prerelease=if-necessary-or-explicit --custom-compile-command "make lock" -o requirements-dev.txt

clean:
	rm -rf $(VENV) .local
