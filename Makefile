# Each target first sets up what it needs. `make` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
DEMONSTRATION := examples/six_emotions
DATA ?= ../shared/data
STAGE ?= dev

.PHONY: help setup demo up down reset synth deploy smoke cloud lint bench train-starter lock clean \
	test test-unit test-model test-cloud test-clients test-web test-weights test-scan test-launch
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: ## Create .venv with all development packages
	@$(PYTHON) scripts/setup.py dev

demo: ## Analyze six recordings of one sentence: prints a table, writes JSON and an HTML report to build/demo
	@$(PYTHON) scripts/setup.py model
	@$(BIN)/video-sentiment analyze $(DEMONSTRATION).mp4 --people $(DEMONSTRATION).people.csv \
		--json build/demo/six_emotions.json --html build/demo/six_emotions.html
	@echo "open build/demo/six_emotions.html in a browser"

up: cloud ## Run the product at http://localhost:8080 (needs Node.js 22); Ctrl-C stops it and keeps the data (ARGS="--port 9000")
	@exec $(BIN)/python -m local up $(ARGS)

down: ## Stop a product that runs in the background
	@$(PYTHON) scripts/setup.py cloud
	@$(BIN)/python -m local down $(ARGS)

reset: ## Stop the product and remove its data, after confirmation (ARGS=--yes skips it)
	@$(PYTHON) scripts/setup.py cloud
	@$(BIN)/python -m local reset $(ARGS)

synth: cloud ## Write the stacks of STAGE (dev) as CloudFormation to cdk.out/; needs no AWS account
	@node_modules/.bin/cdk synth --quiet -c stage=$(STAGE)

deploy: cloud ## Deploy STAGE (dev) to AWS (ARGS="--user you@example.com"); see docs/deploy.md
	@$(BIN)/python -m scripts.deploy --stage $(STAGE) $(ARGS)

smoke: cloud ## Run the smoke test against a deployed product: make smoke URL=https://... KEY=vs_...
	@test -n "$(URL)" && test -n "$(KEY)" || { echo "usage: make smoke URL=https://... KEY=vs_..." >&2; exit 2; }
	@SMOKE_KEY=$(KEY) $(BIN)/python -m scripts.smoke $(URL) -

cloud: node_modules/.package-lock.json # Prepare `up`: environments of product and emulator, CDK, weights, Lambda bundle, web app
	@$(PYTHON) scripts/setup.py cloud
	@$(PYTHON) scripts/setup.py local
	@$(BIN)/video-sentiment weights fetch > /dev/null
	@$(BIN)/python -m stacks.lambda_bundle local > /dev/null
	@$(PYTHON) frontend_site/scripts/build.py

node_modules/.package-lock.json: package-lock.json
	@command -v npm > /dev/null || { echo "Node.js 22 with npm is required (20 still works): https://nodejs.org" >&2; exit 1; }
	@npm ci --no-audit --no-fund
	@touch $@

test: lint cloud test-weights test-scan ## Run all checks and tests
	@$(BIN)/python -m tests.browsers
	@$(BIN)/python -m pytest
	@$(MAKE) --no-print-directory test-launch

# The parts of `make test`, by their requirements (CONTRIBUTING.md). ONE=path/to/test.py::name selects a file or test.
test-unit: setup ## Run tests without weights, emulator or browser
	@$(BIN)/python -m pytest $(or $(ONE),tests/unit)

test-model: setup test-weights ## Run tests of the engine and training, with real weights and media
	@$(BIN)/python -m pytest $(or $(ONE),tests/model tests/training)

test-cloud: cloud setup test-scan ## Run tests of the stacks, and of the Lambdas against the AWS emulator
	@$(BIN)/python -m pytest $(or $(ONE),tests/infra tests/integration)

test-clients: cloud setup ## Run tests of the API clients against local servers that fail
	@$(BIN)/python -m pytest $(or $(ONE),tests/clients)

test-web: cloud setup test-weights ## Run end-to-end tests of the product, and of the web app in a real browser
	@$(BIN)/python -m tests.browsers
	@$(BIN)/python -m pytest $(or $(ONE),tests/e2e)

test-weights: setup
	@$(BIN)/video-sentiment weights fetch
	@$(BIN)/video-sentiment weights fetch whisper-tiny.en

test-scan: # Set up cfn-lint, checkov, bandit and pip-audit, which tests/infra runs on templates, code and locks
	@$(PYTHON) scripts/setup.py scan

test-launch: setup ## Run tests of training/launch.py in .venv-launch, with the SageMaker SDK (1 GB)
	@$(PYTHON) scripts/setup.py launch
	@.venv-launch/bin/python -m pytest tests/launch --confcutdir=tests/launch

lint: setup ## Run ruff, mypy --strict and import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup cloud ## Measure speed and memory against the sequential reference (about 15 minutes)
	@$(BIN)/python -m bench

train-starter: setup ## Train the starter bundle from DATA, described in docs/training.md (about 90 minutes on 2 cores with bfloat16)
	@$(BIN)/python -m training.train --data $(DATA)

lock: ## Update requirements/*.txt from pyproject.toml (needs uv)
	@scripts/lock.sh

clean: ## Remove environments and build outputs, but not the weights in the user cache
	@rm -rf build .venv .venv-launch .venv-local .venv-scan node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
