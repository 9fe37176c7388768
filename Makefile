# Every target makes .venv first if it is missing or older than what it is made from.
# Options for the program behind a target go into ARGS: make simulate ARGS="cohort=ashar2022"

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_NOTEBOOKS := $(VENV)/.ready-notebooks
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

.DEFAULT_GOAL := help
.PHONY: help simulate test lint validate notebooks clean

help: ## Show this list
	@printf 'make TARGET [ARGS="..."]\n\n'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

simulate: $(READY) ## Fit, simulate and report; ARGS are Hydra overrides
	@$(BIN)/python run_simulation.py $(ARGS)

test: $(READY) ## Run the tests; ARGS go to pytest
	@$(BIN)/python -m pytest $(ARGS)

lint: $(READY) ## Check style, format and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

validate: $(READY) ## Check calibration and coverage over many synthetic cohorts (long)
	@$(BIN)/python -m pytest -m validate
	@$(BIN)/python -m twin.validate.sbc
	@$(BIN)/python -m twin.validate $(ARGS)

notebooks: $(READY_NOTEBOOKS) ## Run every notebook from start to end; fails where one fails
	@$(BIN)/jupyter-execute $(ARGS) $(NOTEBOOKS)

clean: ## Remove .venv, caches and builds; results of runs stay
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@sh .ci/environment '.[dev]'
	@touch $@

$(READY_NOTEBOOKS): $(READY)
	@sh .ci/environment '.[dev,notebooks]'
	@touch $@
