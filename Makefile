# One target per job; each sets up what it needs first. `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
SAMPLE := tests/media/face_and_speech.mp4
DATA ?= ../shared/data

.PHONY: help setup demo test test-launch lint bench train-starter lock clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: ## Make .venv with everything for development (the other targets call what they need of it)
	@$(PYTHON) scripts/setup.py dev

demo: ## Set up, then analyse the sample video: a table here, JSON and an HTML report in build/demo
	@$(PYTHON) scripts/setup.py model
	@$(BIN)/video-sentiment analyze $(SAMPLE) --json build/demo/sample.json --html build/demo/sample.html
	@echo "open build/demo/sample.html in a browser"

test: lint ## Set up, then every check and test
	@$(BIN)/video-sentiment weights fetch whisper-tiny.en whisper-base minilm-l6 centerface
	@$(BIN)/python -m tests.browsers
	@$(BIN)/python -m pytest
	@$(MAKE) --no-print-directory test-launch

test-launch: setup ## The tests of training/launch.py alone, in .venv-launch: the SageMaker SDK takes 1 GB
	@$(PYTHON) scripts/setup.py launch
	@.venv-launch/bin/python -m pytest tests/launch --confcutdir=tests/launch

lint: setup ## ruff, mypy --strict and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup ## Measure speed and memory against the sequential reference (about 15 minutes)
	@$(BIN)/python -m bench

train-starter: setup ## Train the starter bundle from DATA (meld/, ravdess/, fer2013/ inside; about 80 minutes on 2 cores)
	@$(BIN)/python -m training.train --data $(DATA)

lock: ## Write requirements/*.txt anew from pyproject.toml (needs uv)
	@scripts/lock.sh

clean: ## Remove what the targets made, but the weights in the user cache
	@rm -rf build .venv .venv-launch .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
