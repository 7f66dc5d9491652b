# Everything a person types. On a bare machine make, curl and a Python with venv are enough.
#   make serve            a running shop on http://127.0.0.1:8000/graphql (PORT= for another)
#   make test             the whole suite; it starts its own servers
#   PYTHON=python3.12     names the interpreter to build .venv from

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PORT ?= 8000
WORKERS ?= 1
# The oldest PostgreSQL we run on, where the machine has it.
POSTGRES_15 ?= /usr/lib/postgresql/15/bin
PY := .venv/bin/python
# Two cores are common; xdist's auto asks the machine.
# A file goes to one worker: it furnishes its world once, and the corpus's mutations are told in their order.
PYTEST := $(PY) -m pytest -n auto --dist loadfile

.PHONY: help setup setup-dev serve test test-fast test-long lint bench fuzz schema check lock

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## .venv with the pinned run-time packages (instant when nothing changed)
	@.ci/environment run

setup-dev: ## the same plus what tests and lint need
	@.ci/environment dev

serve: setup ## a running shop: servers, migrations, demo data, endpoint
	@exec $(PY) main.py serve --stop-with-parent --port $(PORT) --workers $(WORKERS)

test: setup-dev ## everything but the long proofs
	@$(PYTEST) -m "not long and not fuzz"

ROOMS := tests/ground tests/models tests/schema tests/engine tests/resolvers
test-fast: setup-dev ## what to run while writing: the rooms below the edge, no real process, no load
	@$(PYTEST) -m "not long and not slow and not fuzz" -x $(ROOMS)

test-long: setup-dev ## the long proofs: thousands of generated documents, large imports; the suite on PostgreSQL 15
	@$(PYTEST) -m long
	@if [ -d $(POSTGRES_15) ]; then \
	  $(PYTEST) -m "not long and not fuzz" --postgres=$(POSTGRES_15); \
	else \
	  echo "PostgreSQL 15 is not at $(POSTGRES_15): the suite was not run on it"; \
	fi

lint: setup-dev ## all rules, types, import contracts, our own checks, the schema file
	@.ci/lint

bench: setup-dev ## ours, hand-written and plain Strawberry, in one run
	@$(PY) -m bench

fuzz: setup-dev ## long Schemathesis runs in a throwaway shop
	@$(PY) -m pytest -m fuzz

schema: setup ## write schema/schema.graphql from the code
	@$(PY) main.py schema --write

check: lint test ## what must pass before a change is shared

lock: setup-dev ## pin anew from requirements*.in
	@.ci/lock
