# make reproduce [PROFILE=street] [SMOKE=1] [CORES=4]    the whole replication, from nothing installed
# make test                                              every test
# make test-fast                                         those that take no pipeline, for work on the code
# What the command line gives reaches the shell as the value of a variable, never as text of a recipe: nothing in it is run.
override PROFILE := $(or $(value PROFILE),tiny)
override CORES := $(or $(value CORES),all)
override SMOKE := $(value SMOKE)
override PYTHON := $(value PYTHON)
export PROFILE CORES PYTHON
ifneq ($(filter-out 1 true yes 0 false no,$(SMOKE)),)
$(error SMOKE: 1 or 0)
endif
override SMOKED := $(if $(filter 1 true yes,$(SMOKE)),true,false)
override RUN := $$PROFILE$(if $(filter true,$(SMOKED)),-smoke)
override CONFIG := --config profile="$$PROFILE" smoke=$(SMOKED)
export PATH := $(CURDIR)/.venv/bin:$(value PATH)
# Python keeps the compiled form of what it imports: without it every start of torch costs twice as much.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: reproduce test test-fast lint lint-style lint-types lint-workflow figures record push restore resume bench verify install

reproduce: install
	snakemake --cores "$$CORES" all $(CONFIG)
	@echo "Report: results/$(RUN)/report/index.html"

TESTS := OMP_NUM_THREADS=1 pytest -n 2 --dist loadfile --no-loadscope-reorder
test: install
	$(TESTS) --durations 20

test-fast: install
	$(TESTS) -m "not slow"

lint: install
	$(MAKE) --no-print-directory -j 2 -O lint-types lint-workflow lint-style

lint-types:
	mypy

lint-workflow:
	snakefmt --check Snakefile workflow
	snakemake --lint

lint-style:
	ruff check .
	ruff format --check .

figures: install
	pixelwise figures "results/$(RUN)/jobs/figures.json"

# Copies what a run found, without its data, checkpoints and pictures, to where git keeps it, and fills the README's blocks.
record: install
	pixelwise record --profile "$$PROFILE"
	pixelwise readme

# What is pushed was compared with its manifests, and is what the present parameters and sources give.
push: install
	pixelwise verify
	dvc repro
	dvc push

restore: install
	dvc pull
	pixelwise verify --profile "$$PROFILE"

resume: install
	snakemake --unlock $(CONFIG)
	snakemake --cores "$$CORES" all $(CONFIG)

verify: install
	pixelwise verify --profile "$$PROFILE" $(if $(filter true,$(SMOKED)),--smoke)

bench: install
	python benchmarks/bench.py

install: .venv/installed

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
