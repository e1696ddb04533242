# The same commands as .ci/run, one by one. `make` lists them.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
# Releases younger than a week are left alone: a bad one is usually found by then.
LOCK_BEFORE ?= 2026-11-14T00:00:00Z
LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-annotate --no-header --quiet --exclude-newer $(LOCK_BEFORE) pyproject.toml requirements/build.in

.PHONY: help dev check lint types contracts spelling dependencies packs test slow golden mutate fuzz benchmark docs lock sbom ci

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

dev: ## set up .venv with everything a developer needs
	@./tocsin setup dev

check: ## lint, types, contracts, spelling, dependencies, packs, fast tests: before you hand over
	@.ci/run lint types contracts spelling dependencies packs fast

lint types contracts spelling dependencies packs slow: ## one step of `check` (or the slow tests)
	@.ci/run $@

test: ## the fast tests; ARGS go to pytest
	@./tocsin test $(ARGS)

golden: dev ## accept what the golden tests give now; read the diff before you commit it
	@$(PYTHON) -m pytest -q -m "not slow" --accept

mutate: dev ## mutation test of detections and assessment; lists the survivors
	@mkdir -p out; .venv/bin/mutmut run > out/mutate.log; .venv/bin/mutmut results

fuzz: ## properties with 20,000 examples each; ARGS choose them, such as tests/artefacts
	@./tocsin test -m "slow or not slow" -k "fuzz or propert or arbitrary" --hypothesis-profile=fuzz $(ARGS)

benchmark: dev ## Tocsin beside its peers, on a quiet machine; ARGS such as --size 20GB; writes docs/performance.md
	@$(PYTHON) -m benchmarks.peers $(ARGS)

docs: dev ## write the generated pages of docs/reference anew
	@$(PYTHON) docs/generate.py

lock: ## resolve requirements/*.txt anew (needs uv; LOCK_BEFORE=date)
	@$(LOCK) --output-file requirements/run.txt
	@$(LOCK) --extra hub --output-file requirements/hub.txt
	@$(LOCK) --extra test --output-file requirements/test.txt
	@$(LOCK) --extra dev --output-file requirements/dev.txt
	@for level in run hub test dev; do \
		{ echo "# Written by: make lock LOCK_BEFORE=$(LOCK_BEFORE)"; \
		  echo "# Hashes, and no address of any registry: pip uses the one that the machine is set up with."; \
		  cat requirements/$$level.txt; } > requirements/$$level.new && \
		mv requirements/$$level.new requirements/$$level.txt; done

sbom: ## a CycloneDX bill of what the hub and the assessor run on, into out/
	@mkdir -p out; for level in run hub; do python3 tools/sbom.py $$level > out/tocsin-$$level.cdx.json; done

ci: ## everything CI runs
	@.ci/run
