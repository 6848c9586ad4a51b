# `make` or `make help` lists what there is.
# What the command line gives reaches the shell as the value of a variable, never as text of a recipe: nothing in it is run.
override FOLLOWED := $(if $(value PROFILE),--profile "$$PROFILE")
override PROFILE := $(or $(value PROFILE),tiny)
override CORES := $(or $(value CORES),all)
override SMOKE := $(value SMOKE)
override PARTIAL := $(value PARTIAL)
override PYTHON := $(value PYTHON)
export PROFILE CORES PYTHON
ifneq ($(filter-out 1 true yes 0 false no,$(SMOKE)),)
$(error SMOKE: 1 or 0)
endif
ifneq ($(filter-out 1 true yes 0 false no,$(PARTIAL)),)
$(error PARTIAL: 1 or 0)
endif
override SMOKED := $(if $(filter 1 true yes,$(SMOKE)),true,false)
override RUN := $$PROFILE$(if $(filter true,$(SMOKED)),-smoke)
override CONFIG := --config profile="$$PROFILE" smoke=$(SMOKED)
override SMALL := $(if $(filter true,$(SMOKED)),--smoke)
export PATH := $(CURDIR)/.venv/bin:$(value PATH)
# Python keeps the compiled form of what it imports: without it every start of torch costs twice as much.
unexport PYTHONDONTWRITEBYTECODE

# With PARTIAL=1 a failed job stops only what needs it, and an unfinished run ends with a page of what it has; make fails.
override REPRODUCE := snakemake --cores "$$CORES" all $(CONFIG)
ifneq ($(filter 1 true yes,$(PARTIAL)),)
override REPRODUCE := snakemake --keep-going --cores "$$CORES" all $(CONFIG) \
	|| { status=$$?; pixelwise partial --profile "$$PROFILE" $(SMALL); exit $$status; }
endif

.PHONY: help reproduce test test-fast lint lint-style lint-types lint-workflow figures record push restore resume bench \
	verify install lock

help: ## this list; PROFILE=street, SMOKE=1, CORES=4 and PARTIAL=1 may follow a target
	@sed -n 's/^\([a-z0-9%-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf 'make %-14s %s\n' "$$name" "$$text"; done

reproduce: install ## the whole replication of a profile (tiny: about 6 minutes of two cores)
	$(REPRODUCE)
	@echo "Report: results/$(RUN)/report/index.html"
	@echo "To keep the run on a DVC remote: make push (docs/commands.md, \"Push, clone, restore\")"

TESTS := OMP_NUM_THREADS=1 pytest -n 2 --dist loadfile --no-loadscope-reorder
test: install ## every test (about 11 minutes of two cores)
	$(TESTS) --durations 20

test-fast: install ## the tests that take no pipeline (90 seconds), for work on the code
	$(TESTS) -m "not slow"

lint: install ## style, types and workflow
	$(MAKE) --no-print-directory -j 2 -O lint-types lint-workflow lint-style

lint-types:
	mypy

lint-workflow:
	snakefmt --check Snakefile workflow
	snakemake --lint

lint-style:
	ruff check .
	ruff format --check .

figures: install ## draw the figures of a finished run again
	pixelwise figures "results/$(RUN)/jobs/figures.json"

# Copies what a run found to where git keeps it, without data and checkpoints, and with at most 8 pictures of a data set.
record: install ## copy what a run found to where git keeps it, and fill README and docs from it
	pixelwise record --profile "$$PROFILE"
	pixelwise readme

# What is pushed was compared with its manifests, and is what the present parameters and sources give. Snakemake alone
# tells DVC nothing, so `dvc repro` comes first: it runs no job of a finished run. DVC follows params.yaml, not PROFILE.
push: install ## compare a run with its manifests, then send it to the DVC remote
	pixelwise active $(FOLLOWED)
	pixelwise verify --no-smoke
	dvc repro
	dvc push
	@echo "To restore it elsewhere: git add dvc.lock .dvc/config, commit, push; then, in a clone, make restore"

restore: install ## fetch a run from the DVC remote and compare it
	pixelwise active $(FOLLOWED)
	dvc pull
	pixelwise verify --no-smoke

resume: install ## go on after a run that was killed
	snakemake --unlock $(CONFIG)
	snakemake --cores "$$CORES" all $(CONFIG)

verify: install ## compare every byte of a run with its manifests
	pixelwise verify --profile "$$PROFILE" $(SMALL)

bench: install ## time the networks of this package on this machine
	python benchmarks/bench.py

install: .venv/installed ## the pinned environment in .venv (5.5 GB)

.venv/installed: requirements.lock pyproject.toml
	@echo "pixelwise: installs $$(grep -c '^[a-z0-9]' requirements.lock) pinned packages into .venv, most of them PyTorch's for CUDA: 5.5 GB on disk"
	@test -x .venv/bin/python || { \
		if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; else set -- python3.12 python3.11 python3; fi; \
		for python; do \
			"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null \
				&& exec "$$python" -m venv .venv; \
		done; \
		echo "pixelwise: needs Python 3.11 or 3.12 on the PATH" >&2; exit 2; }
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	.venv/bin/uv pip install --python .venv/bin/python --require-hashes -r requirements.lock
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
	@touch $@

install-%: install ## an optional part: install-s3 (DVC on object storage), install-test-s3 (its test), install-slurm, install-onnx, install-bench
	.venv/bin/uv pip install --python .venv/bin/python --require-hashes -r requirements-$*.lock

LOCK := .venv/bin/uv pip compile --universal --generate-hashes --no-header --quiet
PART = import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")
WHOLE := .venv/whole.lock
# First one for everything together, so that each optional part fits beside what is always installed.
lock: install ## pin versions after a change of pyproject.toml: requirements.lock, and one for each optional part
	cp requirements.lock $(WHOLE)
	$(LOCK) pyproject.toml --all-extras -o $(WHOLE)
	$(LOCK) pyproject.toml --extra dev --constraints $(WHOLE) -o requirements.lock
	@for part in s3 test-s3 slurm onnx bench; do .venv/bin/python -c '$(PART)' $$part \
		| $(LOCK) - --python-version 3.11 --constraints $(WHOLE) -o requirements-$$part.lock || exit; done
