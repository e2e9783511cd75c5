# Everything runs in .venv, made here from requirements/*.txt, in which each file is pinned by its hash.
# A stamp in .venv says what is installed, so nothing is installed twice.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run servers test check static format rings site reference bench peers soak fuzz dist lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install -qq --require-hashes
LIMEN := $(PIP) install -qq --no-deps --no-build-isolation --editable .
WITH_VENV := PATH="$(CURDIR)/$(BIN):$$PATH"
# What comes from npm: beside the tests that ask it, each lock file in a folder of its own; the lab's peers where it looks for them.
PEERS := .limen/peers/node_modules/.made
NODE := $(patsubst %/package-lock.json,%/node_modules/.made,$(wildcard tests/*/package-lock.json))
ARGS ?=
# An interpreter that went away, with an upgrade of the system say, is no environment any more.
$(shell test -x $(BIN)/python || rm -f $(VENV)/.made)

help: ## Print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.run ## Start the server on an embedded database; ARGS="--strategy session" is passed on
	@$(BIN)/limen serve $(ARGS)

test: $(VENV)/.test $(VENV)/.browser $(NODE) $(PEERS) servers ## Install what the tests need and run them all; ARGS="-k J15" runs some
	@$(BIN)/coverage erase
	$(WITH_VENV) $(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

servers:
	@sh scripts/servers

check: static rings site ## Format, lint, strict types, rings, documentation, then all tests
	@$(MAKE) --no-print-directory test

static: $(VENV)/.test tests/browser/node_modules/.made ## Format, lint and strict types only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(WITH_VENV) tests/browser/node_modules/.bin/tsc --project tests/browser

rings: $(VENV)/.test ## The rules of the house only: rings, sizes, words
	$(BIN)/python -m pytest -q tests/architecture

# Not --quiet: that drops the warnings before they are counted, and nothing fails any more. What the theme says of
# its own future at each build is known (docs/decisions/0026); the variable is its way to be told so.
site: $(VENV)/.test ## Build the documentation into .site; whatever leads nowhere fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

reference: $(VENV)/.test ## Write the parts of the documentation that are made of the code
	$(BIN)/python -m scripts.site.reference
	$(BIN)/python -m scripts.site.drawings

format: $(VENV)/.test ## Put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench ## Measure against the rivals; figures go to bench/results/; ARGS="tokens" runs one part
	$(BIN)/python -m bench $(ARGS)

peers: $(VENV)/.test $(PEERS) ## Install what `limen lab compare --peers` measures
	@$(WITH_VENV) $(BIN)/limen lab peers

soak: $(VENV)/.test servers ## Break things for minutes and check the history; ARGS="--minutes 10 --seed 7 --store postgres"
	PYTHONPATH=tests $(BIN)/python -m soak $(ARGS)

fuzz: $(VENV)/.test ## Search every parser for what it does not declare; ARGS="--minutes 10 --jobs 2 token" (docs/fuzzing.md)
	PYTHONPATH=tests $(BIN)/python -m fuzz $(ARGS)

dist: $(VENV)/.test ## Build wheel, sdist and bill of materials into dist/, the same bytes everywhere
	@sh scripts/dist $(BIN)/python

lock: $(VENV)/.lock ## Resolve requirements/*.txt anew from pyproject.toml
	sh scripts/lock $(BIN)/uv

clean: ## Remove what make made, the environment included
	rm -rf $(VENV) .site dist .limen/peers .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/*/node_modules

$(VENV)/.made: scripts/venv
	@sh scripts/venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/build.txt requirements/run.txt pyproject.toml
	@echo "installing what Limen runs on"
	@$(INSTALL) -r requirements/build.txt -r requirements/run.txt
	@$(LIMEN)
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	@echo "installing what the tests need"
	@$(INSTALL) -r requirements/test.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.test requirements/bench.txt
	@echo "installing the rivals"
	@$(INSTALL) -r requirements/bench.txt
	@touch $@

$(VENV)/.lock: $(VENV)/.made requirements/lock.txt
	@$(INSTALL) -r requirements/lock.txt
	@touch $@

$(VENV)/.browser: scripts/browser | $(VENV)/.made
	@sh scripts/browser
	@touch $@

tests/%/node_modules/.made: tests/%/package-lock.json | $(VENV)/.test
	@echo "installing what tests/$* needs from npm"
	@cd tests/$* && $(WITH_VENV) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(PEERS): src/limen/lab/peers/node/package-lock.json | $(VENV)/.test
	@echo "installing what the lab measures from npm"
	@$(WITH_VENV) $(BIN)/python -c "from limen.lab.peers.presence import install; install()"
	@touch $@
