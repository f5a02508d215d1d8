# One target per job; each sets up what it needs first. `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
DEMONSTRATION := examples/six_emotions
DATA ?= ../shared/data
STAGE ?= dev

.PHONY: help setup demo up down reset synth deploy smoke cloud lint bench train-starter lock clean \
	test test-unit test-model test-cloud test-web test-weights test-scan test-launch
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: ## Make .venv with everything for development (the other targets call what they need of it)
	@$(PYTHON) scripts/setup.py dev

demo: ## Set up, then analyze six ways to say one sentence: a table here, JSON and an HTML report in build/demo
	@$(PYTHON) scripts/setup.py model
	@$(BIN)/video-sentiment analyze $(DEMONSTRATION).mp4 --people $(DEMONSTRATION).people.csv \
		--json build/demo/six_emotions.json --html build/demo/six_emotions.html
	@echo "open build/demo/six_emotions.html in a browser"

up: cloud ## The whole product at http://localhost:8080 (needs Node 22); Ctrl-C stops it, the data stays (ARGS="--port 9000")
	@exec $(BIN)/python -m local up $(ARGS)

down: ## Stop the product where it runs in the background
	@$(PYTHON) scripts/setup.py cloud
	@$(BIN)/python -m local down $(ARGS)

reset: ## Stop the product and remove its data, after asking (ARGS=--yes does not ask)
	@$(PYTHON) scripts/setup.py cloud
	@$(BIN)/python -m local reset $(ARGS)

synth: cloud ## The stacks of STAGE (dev) as CloudFormation in cdk.out/; needs no account
	@node_modules/.bin/cdk synth --quiet -c stage=$(STAGE)

deploy: cloud ## Deploy STAGE (dev) to AWS, from bootstrap to site (ARGS="--user you@example.com"); docs/deploy.md
	@$(BIN)/python -m scripts.deploy --stage $(STAGE) $(ARGS)

smoke: cloud ## Analyze the sample through a deployed product: make smoke URL=https://... KEY=vs_...
	@test -n "$(URL)" && test -n "$(KEY)" || { echo "what to test? make smoke URL=https://... KEY=vs_..." >&2; exit 2; }
	@SMOKE_KEY=$(KEY) $(BIN)/python -m scripts.smoke $(URL) -

cloud: node_modules/.package-lock.json # What `up` needs: the product's environment, the emulator's, CDK, weights, the Lambdas' bundle
	@$(PYTHON) scripts/setup.py cloud
	@$(PYTHON) scripts/setup.py local
	@$(BIN)/video-sentiment weights fetch whisper-base whisper-base-encoder minilm-l6 centerface > /dev/null
	@$(BIN)/python -m stacks.bundle local > /dev/null
	@$(PYTHON) frontend_site/scripts/build.py

node_modules/.package-lock.json: package-lock.json
	@command -v npm > /dev/null || { echo "Node.js 22 (20 still works) is needed, with npm: https://nodejs.org" >&2; exit 1; }
	@npm ci --no-audit --no-fund
	@touch $@

test: lint cloud test-weights test-scan ## Set up, then every check and test
	@$(BIN)/python -m tests.browsers
	@$(BIN)/python -m pytest
	@$(MAKE) --no-print-directory test-launch

# The parts of `make test`, by what they need (CONTRIBUTING.md). ONE=path/to/test.py::name runs less of a part.
test-unit: setup ## Tests that load nothing: no weights, no emulator, no browser
	@$(BIN)/python -m pytest $(or $(ONE),tests/unit)

test-model: setup test-weights ## The engine and training, with real weights and media
	@$(BIN)/python -m pytest $(or $(ONE),tests/model tests/training)

test-cloud: cloud setup test-scan ## The stacks, and the Lambdas against the AWS emulator
	@$(BIN)/python -m pytest $(or $(ONE),tests/infra tests/integration)

test-web: cloud setup test-weights ## The whole product, and the web app in a real browser
	@$(BIN)/python -m tests.browsers
	@$(BIN)/python -m pytest $(or $(ONE),tests/e2e)

test-weights: setup
	@$(BIN)/video-sentiment weights fetch whisper-tiny.en whisper-base whisper-base-encoder minilm-l6 centerface campplus

test-scan: # cfn-lint, checkov, bandit and pip-audit, which scan templates, code and locks in tests/infra/test_scans.py
	@$(PYTHON) scripts/setup.py scan

test-launch: setup ## The tests of training/launch.py alone, in .venv-launch: the SageMaker SDK takes 1 GB
	@$(PYTHON) scripts/setup.py launch
	@.venv-launch/bin/python -m pytest tests/launch --confcutdir=tests/launch

lint: setup ## ruff, mypy --strict and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup cloud ## Measure speed and memory against the sequential reference (about 15 minutes)
	@$(BIN)/python -m bench

train-starter: setup ## Train the starter bundle from DATA (docs/training.md says what is inside; about 90 minutes on 2 cores with bfloat16)
	@$(BIN)/python -m training.train --data $(DATA)

lock: ## Write requirements/*.txt anew from pyproject.toml (needs uv)
	@scripts/lock.sh

clean: ## Remove what the targets made, but the weights in the user cache
	@rm -rf build .venv .venv-launch .venv-local .venv-scan node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
